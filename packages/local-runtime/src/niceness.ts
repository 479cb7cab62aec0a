import { writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** Linux lets an ordinary user set the niceness of a session ten times a second at most, of all sessions together. */
const ATTEMPTS = 50;
const BETWEEN_ATTEMPTS_MS = 110;

/**
 * Makes a process that leads a session of its own let others go first on a busy machine, as `nice` does: no right is
 * needed for it. Linux compares whole sessions where it groups by them (autogroup, sched(7)), so that the session is
 * told too. Nothing depends on it: where the system refuses, the process runs like any other.
 */
export async function yieldProcessor(pid: number, niceness: number): Promise<void> {
  try {
    setPriority(pid, niceness);
    await yieldAsSession(pid, niceness);
  } catch {
    // It has ended already, or there are no such groups here.
  }
}

async function yieldAsSession(pid: number, niceness: number): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      writeFileSync(`/proc/${pid}/autogroup`, String(niceness));
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || attempt === ATTEMPTS) throw error;
      await sleep(BETWEEN_ATTEMPTS_MS, undefined, { ref: false });
    }
  }
}
