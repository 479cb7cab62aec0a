import type { Removed, RemoveHow } from '../driver.ts';
import { type Api, ifThere, statusOf, wordsOf } from './api.ts';

type Chosen = { name: string; uid: string };

/** Takes away the pod with exactly this uid: one that has its name by now is another, and lives. */
export async function remove(api: Api, pod: Chosen, how: RemoveHow): Promise<Removed> {
  try {
    await send(api, pod, how);
    return { outcome: 'removed' };
  } catch (error) {
    const status = statusOf(error);
    if (status === 404) return { outcome: 'gone' };
    // A conflict may be of another kind, and then it is not known what came of it.
    if (status === 409 && (await isGone(api, pod))) return { outcome: 'gone' };
    if (how === 'evict' && status === 429) return refused(wordsOf(error));
    if (how === 'evict' && status === 500 && /more than one PodDisruptionBudget/.test(wordsOf(error))) {
      return refused(wordsOf(error));
    }
    // An admission policy, or the Role: the same tomorrow.
    if (status === 403 || status === 422) return refused(wordsOf(error));
    throw new Error(`It is not known whether ${pod.name} was removed: ${wordsOf(error)}`, { cause: error });
  }
}

const refused = (why: string): Removed => ({ outcome: 'refused', why });

function send({ core, namespace }: Api, { name, uid }: Chosen, how: RemoveHow): Promise<unknown> {
  const preconditions = { uid };
  switch (how) {
    case 'evict':
      return core.createNamespacedPodEviction({
        name,
        namespace,
        body: { metadata: { name, namespace }, deleteOptions: { preconditions } },
      });
    case 'delete':
      return core.deleteNamespacedPod({ name, namespace, body: { preconditions } });
    case 'crash':
      // With 0 the API server would forget the pod while it may still run, and start another beside it.
      return core.deleteNamespacedPod({ name, namespace, body: { preconditions, gracePeriodSeconds: 1 } });
    default:
      return how satisfies never;
  }
}

async function isGone({ core, namespace }: Api, { name, uid }: Chosen): Promise<boolean> {
  const pod = await ifThere(core.readNamespacedPod({ name, namespace }));
  return pod?.metadata?.uid !== uid;
}
