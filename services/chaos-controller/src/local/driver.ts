import type { DrillTarget } from '@orderflow/contracts/drills';
import type { Logger } from '@orderflow/service-kit/logger';
import type { Driver } from '../driver.ts';
import { createSupervisor } from './supervisor.ts';

/** How long a turn is kept for a controller that no longer says that it is there. */
const TURN_MS = 15_000;

/** Services that keep nothing. */
const withoutDatabase = ['gateway'];

/** Drills on the processes of one machine, through the supervisor that started them. */
export function createLocalDriver(options: {
  url: string;
  token: string;
  log: Logger;
  turnMs?: number;
}): Driver {
  const { log, turnMs = TURN_MS } = options;
  const supervisor = createSupervisor(options);

  return {
    kind: 'local',

    async look(target) {
      const name = processOf(target);
      const process = name === undefined ? undefined : await supervisor.process(name);
      if (!process) return { namespace: 'local', instances: [], wanted: 0, disruptionsAllowed: null };
      const { uid, ready, held } = process;
      return {
        namespace: 'local',
        instances: uid === null ? [] : [{ name: process.name, uid, ready, optedIn: true }],
        wanted: held ? 0 : 1,
        disruptionsAllowed: null,
      };
    },

    remove: (instance, how) => supervisor.end(instance, how === 'crash' ? 'kill' : 'terminate'),

    async cut(target, { id, until }) {
      await supervisor.grip(nameOf(target), { by: id, how: 'freeze', until });
    },

    async scaleToZero(target, { id, until }) {
      await supervisor.grip(nameOf(target), { by: id, how: 'hold', until });
    },

    async undo({ id }) {
      await supervisor.release(id);
    },

    leftovers: async () => [...new Set((await supervisor.grips()).map(({ by }) => by))],

    // There is none on one machine beside the controller's own.
    killSwitch: async () => ({ engaged: false, reason: 'There is no switch outside.', by: 'none' }),

    takeTurn: ({ id }) => supervisor.turn('take', id, turnMs),
    keepTurn: ({ id }) => supervisor.turn('keep', id, turnMs),
    async endTurn({ id }) {
      await supervisor.turn('end', id, turnMs);
    },

    async tell({ drill, instance }, { type, reason, message }) {
      const level = type === 'Warning' ? 'warn' : 'info';
      log[level]({ drill: drill.id, name: drill.name, instance: instance?.name, reason }, message);
    },
  };
}

/** The process that a target is here: all services share one Postgres. Undefined when there is none. */
function processOf({ kind, service }: DrillTarget): string | undefined {
  if (kind === 'postgres') return withoutDatabase.includes(service ?? '') ? undefined : 'postgres';
  return kind === 'redis' ? 'redis' : service;
}

function nameOf(target: DrillTarget): string {
  const name = processOf(target);
  if (name === undefined) throw new Error(`There is no ${target.kind} of ${target.service} on this machine.`);
  return name;
}
