import { type LedgerClient, orderLedgers } from '../ledger-client.ts';
import type { Bench, Unread } from './judge.ts';
import { checkable, type Invariant, type LedgerName, readsOf } from './table.ts';

const CONFIRM_MS = 500;

/** What can be checked with the ledgers that there are. */
export function createBench(client: LedgerClient, confirmMs = CONFIRM_MS): Bench {
  const services: Partial<Record<LedgerName, { service: string }>> = orderLedgers;
  const present = (ledger: LedgerName) => {
    const owner = services[ledger]?.service;
    return owner === undefined || client.present(owner);
  };
  return { invariants: checkable(present), present, confirmMs };
}

/** Why an invariant is unknown: which of its ledgers could not be read; null when all were. */
export function reasonFor(invariant: Invariant, { present }: Bench, unread: Unread[]): string | null {
  const reads = readsOf(invariant, present);
  const reasons = unread.filter(({ ledger }) => reads.includes(ledger)).map(({ reason }) => reason);
  return reasons.length === 0 ? null : [...new Set(reasons)].join(' ');
}
