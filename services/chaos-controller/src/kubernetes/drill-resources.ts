import type { DrillPhase } from '@orderflow/contracts/drills';
import type { Database } from '@orderflow/service-kit/database';
import type { ServiceScope } from '@orderflow/service-kit/lifecycle';
import { startLoop } from '@orderflow/service-kit/loop';
import { ProblemError } from '@orderflow/service-kit/problem';
import type { Driver } from '../driver.ts';
import { abortDrill } from '../operations/abort-drill.ts';
import { type DrillRow, findDrillOfResource } from '../operations/read-drill.ts';
import { startDrill } from '../operations/start-drill.ts';
import { type Api, statusOf, wordsOf } from './api.ts';
import { isSaid, isVerdict, statusOfDrill, statusWithout } from './drill-status.ts';
import {
  type DrillResource,
  finalizerOf,
  isFinalizer,
  listDrills,
  patchStatus,
  removeFinalizer,
  setFinalizers,
} from './drills-api.ts';
import { INSTANCE } from './labels.ts';

type Deps = {
  api: Api;
  release: string;
  db: Database;
  driver: Pick<Driver, 'undo'>;
  scope: Pick<ServiceScope, 'log' | 'health'>;
  now?: () => Date;
};

const EVERY_MS = 2_000;
/** While the cluster does not know what a Drill is. */
const WITHOUT_MS = 60_000;
const MAX_SILENCE_MS = 2 * WITHOUT_MS;

const isOver = ({ state }: DrillRow) => state.endedAt !== null && state.undone;

/**
 * Brings every Drill of the namespace and the drill that is of it together, once. A finalizer keeps a Drill while its
 * drill runs, so that deleting it ends the drill first; it also says whose Drill it is where there are two releases.
 * Gives false when the cluster does not know what a Drill is.
 */
export async function syncDrills(deps: Deps): Promise<boolean> {
  const { api, release, db, driver, scope, now = () => new Date() } = deps;
  const finalizer = finalizerOf(release);
  const resources = await listDrills(api);
  for (const resource of resources ?? []) {
    if (!isOurs(resource)) continue;
    try {
      await sync(resource);
    } catch (error) {
      // It changed, or is gone, since it was listed.
      if (statusOf(error) === 409 || statusOf(error) === 404) continue;
      const { name } = resource.metadata;
      scope.log.warn({ drill: name, why: wordsOf(error) }, 'a Drill could not be looked after; trying again');
    }
  }
  return resources !== undefined;

  function isOurs({ metadata }: DrillResource): boolean {
    const others = metadata.finalizers.some((each) => isFinalizer(each) && each !== finalizer);
    return !others && (metadata.labels[INSTANCE] ?? release) === release;
  }

  async function sync(resource: DrillResource): Promise<void> {
    const { uid, deletionTimestamp } = resource.metadata;
    const found = await findDrillOfResource(db, uid);
    if (found) return follow(resource, found);
    if (resource.status?.id && !isVerdict(resource.status.phase)) return giveUp(resource, resource.status.id);
    if (deletionTimestamp || isVerdict(resource.status?.phase)) return letGo(resource);
    await begin(resource);
  }

  /** The finalizer comes first: a drill that runs without it could not be stopped by deleting its Drill. */
  async function begin(resource: DrillResource): Promise<void> {
    const kept = await setFinalizers(api, resource, [
      ...new Set([...resource.metadata.finalizers, finalizer]),
    ]);
    const { name, uid, generation } = kept.metadata;
    const ref = { uid, namespace: api.namespace, generation };
    try {
      await follow(
        kept,
        await startDrill(db, { name, spec: kept.spec, startedBy: 'kubernetes', resource: ref }),
      );
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      await say(
        kept,
        statusWithout(kept, { phase: 'Refused', reason: 'InvalidSpec', message: error.message }, now()),
      );
      await letGo(kept);
    }
  }

  async function follow(resource: DrillResource, row: DrillRow): Promise<void> {
    const { deletionTimestamp } = resource.metadata;
    if (deletionTimestamp && row.state.endedAt === null && !row.abortAsked) {
      await abortDrill(db, row.id, 'Its Drill was deleted.');
    }
    await say(resource, statusOfDrill(resource, row, now()));
    if (isOver(row)) await letGo(resource);
  }

  /** The database has forgotten the drill: what it left is undone, and it is not begun again. */
  async function giveUp(resource: DrillResource, id: string): Promise<void> {
    await driver.undo({ id });
    const finding = {
      phase: 'Inconclusive' satisfies DrillPhase,
      reason: 'Forgotten',
      message:
        'The chaos controller has no record of this drill any more. Its fault was undone; start another.',
    } as const;
    await say(resource, statusWithout(resource, finding, now()));
    await letGo(resource);
  }

  async function say(resource: DrillResource, status: Record<string, unknown>): Promise<void> {
    if (!isSaid(resource, status)) await patchStatus(api, resource, status);
  }

  async function letGo(resource: DrillResource): Promise<void> {
    if (await removeFinalizer(api, resource, finalizer)) {
      scope.log.info({ drill: resource.metadata.name }, 'a Drill may be deleted');
    }
  }
}

/** Keeps Drills and drills together until it is stopped. */
export function startDrillResources(deps: Deps, { everyMs = EVERY_MS, withoutMs = WITHOUT_MS } = {}) {
  const { scope } = deps;
  let known: boolean | undefined;

  return startLoop({
    name: 'drill resources',
    scope,
    everyMs,
    maxSilenceMs: MAX_SILENCE_MS,
    failure: 'Drills could not be listed; trying again',
    async round() {
      const knows = await syncDrills(deps).catch((error) => Promise.reject(new Error(wordsOf(error))));
      if (!knows && known !== false)
        scope.log.info('without the definition of drills.orderflow.io, REST works alone');
      known = knows;
      return knows ? everyMs : withoutMs;
    },
  });
}
