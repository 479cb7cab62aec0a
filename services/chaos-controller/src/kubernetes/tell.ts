import { hostname } from 'node:os';
import { V1MicroTime, type V1ObjectReference } from '@kubernetes/client-node';
import type { Driver } from '../driver.ts';
import type { Api } from './api.ts';
import { DRILL_API, listDrills } from './drills-api.ts';

type About = Parameters<Driver['tell']>[0];
type What = Parameters<Driver['tell']>[1];

/** What an Event's note may have. */
const LONGEST = 1_024;

/** Writes Events to the pod and to the Drill, if the drill came from one. Throws when it cannot. */
export async function tell(api: Api, { drill, instance }: About, what: What): Promise<void> {
  const pod = instance && { kind: 'Pod', apiVersion: 'v1', namespace: api.namespace, ...instance };
  const resource = await resourceOf(api, drill);
  if (pod) await write(api, pod, resource, what);
  if (resource) await write(api, resource, pod, what);
}

async function resourceOf(api: Api, drill: { id: string }): Promise<V1ObjectReference | undefined> {
  const found = (await listDrills(api))?.find(({ status }) => status?.id === drill.id);
  if (!found) return undefined;
  const { name, uid } = found.metadata;
  return {
    kind: 'Drill',
    apiVersion: `${DRILL_API.group}/${DRILL_API.version}`,
    namespace: api.namespace,
    name,
    uid,
  };
}

function write(
  { events, namespace }: Api,
  regarding: V1ObjectReference,
  related: V1ObjectReference | undefined,
  { type, reason, message }: What,
) {
  return events.createNamespacedEvent({
    namespace,
    body: {
      metadata: { generateName: `${regarding.name}-`, namespace },
      eventTime: new V1MicroTime(),
      reportingController: 'orderflow.io/chaos-controller',
      reportingInstance: hostname(),
      action: reason,
      reason,
      type,
      note: message.slice(0, LONGEST),
      regarding,
      related,
    },
  });
}
