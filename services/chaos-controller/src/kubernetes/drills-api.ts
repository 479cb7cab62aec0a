import { z } from 'zod';
import { type Api, ifThere } from './api.ts';

export const DRILL_API = { group: 'orderflow.io', version: 'v1alpha1', plural: 'drills' };

const FINALIZER = 'orderflow.io/drill-of-';

/** The finalizer by which a release keeps a Drill until its drill is over. */
export const finalizerOf = (release: string) => `${FINALIZER}${release}`;
export const isFinalizer = (text: string) => text.startsWith(FINALIZER);

/** A Drill as the API server has it, as far as it is read here. The spec is checked where a drill begins. */
const drillResource = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    uid: z.string(),
    generation: z.int().default(1),
    resourceVersion: z.string(),
    deletionTimestamp: z.string().optional(),
    finalizers: z.array(z.string()).default([]),
    labels: z.record(z.string(), z.string()).default({}),
  }),
  spec: z.unknown(),
  status: z.looseObject({ id: z.string().optional(), phase: z.string().optional() }).optional(),
});
export type DrillResource = z.infer<typeof drillResource>;

/** Every Drill of the namespace; undefined while the cluster does not know what a Drill is. */
export async function listDrills({ custom, namespace }: Api): Promise<DrillResource[] | undefined> {
  const list: unknown = await ifThere(custom.listNamespacedCustomObject({ ...DRILL_API, namespace }));
  return list === undefined ? undefined : z.object({ items: z.array(drillResource) }).parse(list).items;
}

/** Refused by a 409 when the Drill has changed since it was read. */
export const setFinalizers = async (
  { custom, namespace }: Api,
  drill: DrillResource,
  finalizers: string[],
) => {
  const { name } = drill.metadata;
  const body = { ...drill, metadata: { ...drill.metadata, finalizers } };
  return drillResource.parse(
    await custom.replaceNamespacedCustomObject({ ...DRILL_API, namespace, name, body }),
  );
};

/** Takes a finalizer off the latest version of a Drill. Returns false when the Drill does not have it or is gone. */
export async function removeFinalizer(
  api: Api,
  { metadata: { uid, finalizers } }: DrillResource,
  finalizer: string,
): Promise<boolean> {
  if (!finalizers.includes(finalizer)) return false;
  const latest = (await listDrills(api))?.find((each) => each.metadata.uid === uid);
  if (!latest) return false;
  await setFinalizers(
    api,
    latest,
    latest.metadata.finalizers.filter((each) => each !== finalizer),
  );
  return true;
}

/** Puts these fields into the status; a 409 when another Drill has the name by now. */
export const patchStatus = (
  { custom, namespace }: Api,
  { metadata: { name, uid } }: DrillResource,
  status: Record<string, unknown>,
) => {
  const body = { metadata: { uid }, status };
  return custom.patchNamespacedCustomObjectStatus({ ...DRILL_API, namespace, name, body });
};
