import { type V1Lease, V1MicroTime } from '@kubernetes/client-node';
import type { Api } from './api.ts';
import { changeLease } from './lease.ts';

type Turn = { api: Api; release: string; seconds: number };

/** Takes the turn when nobody has it, this drill has it already, or who has it has not renewed it in time. */
export async function takeTurn({ api, release, seconds }: Turn, drill: { id: string }): Promise<boolean> {
  const taken = await changeLease(api, release, (lease) => {
    if (holderOf(lease) === drill.id) return heldBy(lease, drill.id, seconds);
    return holderOf(lease) && !isExpired(lease) ? undefined : heldBy(lease, drill.id, seconds);
  });
  return taken !== undefined;
}

/** Renews it, if it still is this drill's. */
export async function keepTurn({ api, release, seconds }: Turn, drill: { id: string }): Promise<boolean> {
  const kept = await changeLease(api, release, (lease) =>
    holderOf(lease) === drill.id ? heldBy(lease, drill.id, seconds) : undefined,
  );
  return kept !== undefined;
}

export async function endTurn({ api, release }: Turn, drill: { id: string }): Promise<void> {
  await changeLease(api, release, (lease) =>
    holderOf(lease) === drill.id
      ? { ...lease, spec: { leaseTransitions: lease.spec?.leaseTransitions } }
      : undefined,
  );
}

const holderOf = (lease: V1Lease) => lease.spec?.holderIdentity || undefined;

/**
 * By this clock against the one of who renewed it: nodes are taken to agree within a few seconds. A lease that was
 * renewed long from now was renewed by a clock that was ahead.
 */
function isExpired({ spec }: V1Lease): boolean {
  // The client's types call it a date; it gives text.
  const renewedAt = spec?.renewTime ? new Date(spec.renewTime).getTime() : 0;
  return Math.abs(Date.now() - renewedAt) > (spec?.leaseDurationSeconds ?? 0) * 1_000;
}

function heldBy(lease: V1Lease, holder: string, seconds: number): V1Lease {
  const { acquireTime, leaseTransitions = 0 } = lease.spec ?? {};
  const now = new V1MicroTime();
  const isNew = holderOf(lease) !== holder;
  return {
    ...lease,
    spec: {
      holderIdentity: holder,
      leaseDurationSeconds: seconds,
      renewTime: now,
      acquireTime: isNew ? now : acquireTime,
      leaseTransitions: isNew ? leaseTransitions + 1 : leaseTransitions,
    },
  };
}
