import type { KillSwitch } from '../driver.ts';
import { type Api, ifThere } from './api.ts';

const switchName = (release: string) => `${release}-drills`;

/** Stops every drill of the release. Needs a right that the chaos controller itself does not have. */
export async function engageKillSwitch({ core, namespace }: Api, release: string): Promise<void> {
  const body = { data: { enabled: 'false' } };
  await ifThere(core.patchNamespacedConfigMap({ name: switchName(release), namespace, body }));
}

/**
 * The ConfigMap that lets drills run while its key `enabled` is "true". Anything else stops them, and so does its
 * absence. Throws when the API server gives no answer to that.
 */
export async function readKillSwitch({ core, namespace }: Api, release: string): Promise<KillSwitch> {
  const name = switchName(release);
  const enabled = (await ifThere(core.readNamespacedConfigMap({ name, namespace })))?.data?.enabled;
  if (enabled === 'true') return { engaged: false, reason: '', by: 'configmap' };
  const said =
    enabled === undefined
      ? 'is not there, or has no key enabled'
      : `says enabled: ${JSON.stringify(enabled)}`;
  return {
    engaged: true,
    reason: `The ConfigMap ${name} ${said}; drills run while it says "true".`,
    by: 'configmap',
  };
}
