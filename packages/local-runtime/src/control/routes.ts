import { z } from 'zod';
import type { Controlled } from './controlled.ts';
import type { Grips } from './grips.ts';
import { createTurn } from './turn.ts';

/** Longer than any fault of a drill lasts. */
const LONGEST_GRIP_MS = 30 * 60_000;

const by = z.string().min(1).max(100);
const endBody = z.strictObject({ uid: z.string(), how: z.enum(['terminate', 'kill']) });
const gripBody = z.strictObject({
  by,
  how: z.enum(['freeze', 'hold']),
  until: z.iso
    .datetime()
    .transform((text) => new Date(text))
    .refine((until) => until.getTime() - Date.now() < LONGEST_GRIP_MS, 'at most half an hour from now'),
});
const turnBody = z.strictObject({
  by,
  do: z.enum(['take', 'keep', 'end']),
  forMs: z.int().min(100).max(600_000).default(15_000),
});

export type Reply = { status: number; body: object };
type Request = { name: string; body: unknown };

const ok = (body: object): Reply => ({ status: 200, body });
const refusal = (status: number, why: string): Reply => ({ status, body: { why } });

/** What the control server does, by method and address; `{name}` is a process or a drill. */
export function controlRoutes(options: {
  processes: () => Controlled[];
  /** Those that may not be touched: they undo what a drill does. */
  protectedNames: string[];
  grips: Grips;
}): Record<string, (request: Request) => Promise<Reply>> {
  const { processes, protectedNames, grips } = options;
  const turn = createTurn();
  const told = new Map<string, string>();

  /** Looks a process up that may be touched. */
  function find(name: string): Controlled | Reply {
    const found = processes().find((process) => process.name === name);
    if (!found) return refusal(404, `There is no process ${name}. GET /processes lists them.`);
    if (protectedNames.includes(name)) return refusal(403, `${name} runs the drills; no drill may touch it.`);
    return found;
  }

  async function show(process: Controlled) {
    const { name, kind, uid } = process;
    return {
      name,
      kind,
      uid: uid ?? null,
      held: grips.isHeld(process),
      // The system still takes connections for a process that is frozen.
      ready: uid !== undefined && !grips.isFrozen(process) && (await process.isReady()),
    };
  }

  return {
    'GET /processes': async () => ok({ items: await Promise.all(processes().map(show)) }),

    'GET /processes/{name}': async ({ name }) => {
      const found = processes().find((process) => process.name === name);
      return found ? ok(await show(found)) : refusal(404, `There is no process ${name}.`);
    },

    'POST /processes/{name}/end': async ({ name, body }) => {
      const { uid, how } = endBody.parse(body);
      const process = find(name);
      if ('status' in process) return process;
      if (process.uid !== uid) return refusal(410, `${name} with uid ${uid} is gone.`);
      // A second SIGTERM is often taken for impatience.
      if (told.get(name) !== `${uid} ${how}`) process.signal(process.signals[how]);
      told.set(name, `${uid} ${how}`);
      return ok({ uid });
    },

    'GET /grips': async () => ok({ items: grips.all() }),

    'PUT /grips/{name}': async ({ name, body }) => {
      const grip = gripBody.parse(body);
      const process = find(name);
      if ('status' in process) return process;
      const why = await grips.take(process, grip);
      return why ? refusal(409, why) : ok({ name });
    },

    'DELETE /grips/{name}': async ({ name }) => {
      await grips.release(name);
      return ok({ released: name });
    },

    'POST /turn': async ({ body }) => {
      const { by, do: what, forMs } = turnBody.parse(body);
      return ok({ held: turn[what](by, forMs) });
    },
  };
}
