import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@orderflow/service-kit/logger';
import type { Driver } from '../driver.ts';
import { type Api, onConflictAgain, unless } from './api.ts';
import { cutsExpired } from './cut.ts';
import { isVerdict, statusWithout } from './drill-status.ts';
import { type DrillResource, finalizerOf, listDrills, patchStatus, removeFinalizer } from './drills-api.ts';
import { engageKillSwitch } from './kill-switch.ts';
import { scalesExpired } from './scale.ts';

type Deps = {
  api: Api;
  release: string;
  driver: Pick<Driver, 'undo' | 'leftovers'>;
  log: Pick<Logger, 'info' | 'warn'>;
};

const POLL_MS = 500;

/**
 * Undoes the cuts and scales whose time is up, for when no chaos controller is there to do it. It needs the API server
 * alone, because the controller's database may be away too. A controller may undo the same fault at the same moment.
 */
export async function undoExpired({ api, release, driver, log }: Deps, now = new Date()): Promise<void> {
  const due = await Promise.all([cutsExpired(api, release, now), scalesExpired(api, release, now)]);
  for (const id of new Set(due.flat())) {
    await driver.undo({ id });
    log.warn({ drill: id }, 'fault outlived its time and was undone');
  }
}

/**
 * Leaves nothing of any drill, before the release is uninstalled: engages the kill switch, gives the controller `waitMs`
 * to end its drills, then undoes what is left and removes the finalizer from every Drill that still has it.
 */
export async function windUp(deps: Deps, { waitMs }: { waitMs: number }): Promise<void> {
  const { api, release, driver, log } = deps;
  await engageKillSwitch(api, release);
  log.info('kill switch engaged; waiting for drills to end');
  const giveUpAt = Date.now() + waitMs;
  while (Date.now() < giveUpAt && !(await isClean(deps))) await sleep(POLL_MS);
  for (const id of await driver.leftovers()) {
    await driver.undo({ id });
    log.warn({ drill: id }, 'undone what a drill had left');
  }
  for (const drill of await keptDrills(deps)) {
    if (!isVerdict(drill.status?.phase)) await sayAborted(deps, drill);
    await onConflictAgain(() => removeFinalizer(api, drill, finalizerOf(release)));
    log.warn({ drill: drill.metadata.name }, 'finalizer removed from a Drill without its controller');
  }
}

const isClean = async (deps: Deps): Promise<boolean> => {
  const [drills, left] = await Promise.all([keptDrills(deps), deps.driver.leftovers()]);
  return drills.length === 0 && left.length === 0;
};

/** Returns the Drills that wait for this release. */
async function keptDrills({ api, release }: Deps): Promise<DrillResource[]> {
  const drills = (await listDrills(api)) ?? [];
  return drills.filter(({ metadata }) => metadata.finalizers.includes(finalizerOf(release)));
}

/** A 409 says that the Drill was replaced by another of its name. */
async function sayAborted({ api }: Deps, drill: DrillResource): Promise<void> {
  const finding = {
    phase: 'Aborted',
    reason: 'Uninstalled',
    message: 'The release was uninstalled while the drill ran. Its fault was undone.',
  } as const;
  await unless(409, patchStatus(api, drill, statusWithout(drill, finding, new Date())), undefined);
}
