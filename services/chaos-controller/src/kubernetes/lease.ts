import type { V1Lease } from '@kubernetes/client-node';
import { type Api, ifThere, onConflictAgain, statusOf } from './api.ts';
import { INSTANCE } from './labels.ts';

/** The one object of a release that drills write to: whose turn it is, and what is to be scaled back. */
export const leaseName = (release: string) => `${release}-drills`;

export const readLease = ({ coordination, namespace }: Api, release: string): Promise<V1Lease | undefined> =>
  ifThere(coordination.readNamespacedLease({ name: leaseName(release), namespace }));

/** Changes the lease, made first when it is not there; a change that gives undefined leaves it as it is. */
export function changeLease(
  api: Api,
  release: string,
  change: (lease: V1Lease) => V1Lease | undefined,
): Promise<V1Lease | undefined> {
  const { coordination, namespace } = api;
  const name = leaseName(release);
  return onConflictAgain(async () => {
    const lease = (await readLease(api, release)) ?? (await create());
    const changed = change(lease);
    return changed && (await coordination.replaceNamespacedLease({ name, namespace, body: changed }));
  });

  async function create(): Promise<V1Lease> {
    try {
      const body = { metadata: { name, labels: { [INSTANCE]: release } } };
      return await coordination.createNamespacedLease({ namespace, body });
    } catch (error) {
      const other = statusOf(error) === 409 && (await readLease(api, release));
      if (other) return other;
      throw error;
    }
  }
}
