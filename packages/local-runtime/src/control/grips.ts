import type { Controlled } from './controlled.ts';

/** `freeze`: it is there and does nothing. `hold`: it is down and stays so. */
export type GripHow = 'freeze' | 'hold';

export type Grip = { name: string; by: string; how: GripHow; until: Date };

type Kept = Grip & {
  process: Controlled;
  uid: string | undefined;
  timer: NodeJS.Timeout;
  begun: Promise<void>;
};

/**
 * What drills have frozen or hold down. Each is let go of at its end by itself, so that a controller that died leaves
 * nothing behind; `note` hears of that.
 */
export function createGrips({ note }: { note: (message: string) => void }) {
  const kept = new Map<string, Kept>();

  async function letGo(grip: Kept): Promise<void> {
    if (kept.get(grip.name) === grip) kept.delete(grip.name);
    clearTimeout(grip.timer);
    // What is still ending cannot be started.
    await grip.begun.catch(() => {});
    if (grip.how === 'hold') await grip.process.up();
    else if (grip.process.uid === grip.uid) grip.process.signal('SIGCONT');
  }

  function expire(grip: Kept): void {
    note(`${grip.name}: let go of, since drill ${grip.by} did not do it in time`);
    letGo(grip).catch((error: Error) => note(`${grip.name}: ${error.message}`));
  }

  /** Gives why not, when another drill has it already or it cannot be frozen. */
  async function take(
    process: Controlled,
    { by, how, until }: Omit<Grip, 'name'>,
  ): Promise<string | undefined> {
    const before = kept.get(process.name);
    if (before && (before.by !== by || before.how !== how)) {
      return `${process.name} is in the hands of drill ${before.by}. Undo that first.`;
    }
    if (how === 'freeze' && process.neverFrozen) return process.neverFrozen;
    if (how === 'freeze' && !process.uid) return `${process.name} does not run now. Try again in a moment.`;
    clearTimeout(before?.timer);
    const { name, uid } = process;
    const begun = before && how === 'hold' ? before.begun : begin(process, how);
    const timer = setTimeout(() => expire(grip), Math.max(0, until.getTime() - Date.now()));
    const grip: Kept = { name, by, how, until, process, uid, timer, begun };
    // Written down before it is done: whoever asks meanwhile sees that there is something to undo.
    kept.set(name, grip);
    await begun;
    return undefined;
  }

  return {
    take,
    isHeld: ({ name }: Controlled) => kept.get(name)?.how === 'hold',
    /** What follows a frozen process under its name is free. */
    isFrozen: ({ name, uid }: Pick<Controlled, 'name' | 'uid'>) =>
      kept.get(name)?.how === 'freeze' && kept.get(name)?.uid === uid,
    all: () => [...kept.values()].map(({ name, by, how, until }): Grip => ({ name, by, how, until })),
    /** Lets go of all that this drill has. */
    async release(by: string): Promise<void> {
      await Promise.all([...kept.values()].filter((grip) => grip.by === by).map(letGo));
    },
    /** Forgets everything: for when all of it is about to be ended. */
    close(): void {
      for (const { timer } of kept.values()) clearTimeout(timer);
      kept.clear();
    },
  };
}

async function begin(process: Controlled, how: GripHow): Promise<void> {
  if (how === 'hold') await process.down();
  else process.signal('SIGSTOP');
}

export type Grips = ReturnType<typeof createGrips>;
