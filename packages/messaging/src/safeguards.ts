import type { Logger } from '@orderflow/service-kit/logger';

/**
 * What keeps failures from doing harm, and can be taken out of one process to show what it was good for. For teaching
 * and tests: all are in force unless the process that started this one says otherwise.
 */
export const safeguards = {
  'inbox-check': 'an event that comes again is known by its id; without, it is taken for a new one',
  acknowledgement: 'what was handled is not delivered again; without, all of it is, to who comes after',
} as const;

export type Safeguard = keyof typeof safeguards;

const isSafeguard = (name: string): name is Safeguard => Object.hasOwn(safeguards, name);

const broken = new Set<Safeguard>();

/** Takes one out of this process, for as long as it lives. Throws on a name that is not a safeguard. */
export function breakSafeguard(name: string): void {
  if (!isSafeguard(name)) throw new Error(`${name}: use one of ${Object.keys(safeguards).join(', ')}`);
  broken.add(name);
}

/** What a supervisor sends to a process it started, over the IPC channel that nobody else has; a container has none. */
export type BreakMessage = { breakSafeguard: Safeguard };

/** Lets the supervisor take safeguards out while the process runs; the process that follows is whole again. */
export function breakOnDemand(log: Logger): void {
  process.on('message', (message: unknown) => {
    if (typeof message !== 'object' || message === null || !('breakSafeguard' in message)) return;
    breakSafeguard(String(message.breakSafeguard));
    log.warn(
      { safeguard: message.breakSafeguard },
      'A SAFEGUARD IS BROKEN on purpose: work will be done wrong',
    );
  });
}

export const isBroken = (safeguard: Safeguard): boolean => broken.has(safeguard);
