import { type LedgerClient, orderLedgers } from '../ledger-client.ts';
import type { Bench, Unread } from './judge.ts';
import { checkable, type Invariant, type LedgerName, readsOf } from './table.ts';

const CONFIRM_MS = 500;

const CATCHING_UP: Unread = {
  ledger: 'recorded events',
  reason: 'The auditor reads events that it missed from the outboxes, and has not read all of them.',
};

/**
 * What can be checked with the ledgers that there are. While `isCaughtUp` says no, the auditor's own record has gaps that
 * are nobody's fault.
 */
export function createBench(
  client: LedgerClient,
  { isCaughtUp, confirmMs = CONFIRM_MS }: { isCaughtUp: () => boolean; confirmMs?: number },
): Bench {
  const services: Partial<Record<LedgerName, { service: string }>> = {
    ...orderLedgers,
    strays: { service: 'bank' },
    mails: { service: 'postbox' },
  };
  const present = (ledger: LedgerName) => {
    const owner = services[ledger]?.service;
    return owner === undefined || client.present(owner);
  };
  return {
    invariants: checkable(present),
    present,
    confirmMs,
    unread: () => (isCaughtUp() ? [] : [CATCHING_UP]),
  };
}

/** Why an invariant is unknown: which of its ledgers could not be read; null when all were. */
export function reasonFor(invariant: Invariant, { present }: Bench, unread: Unread[]): string | null {
  const reads = readsOf(invariant, present);
  const reasons = unread.filter(({ ledger }) => reads.includes(ledger)).map(({ reason }) => reason);
  return reasons.length === 0 ? null : [...new Set(reasons)].join(' ');
}
