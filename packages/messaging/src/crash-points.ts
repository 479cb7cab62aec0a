import type { Logger } from '@orderflow/service-kit/logger';

/**
 * Named places between writing, publishing, acting and acknowledging, where a process can be made to die.
 * Every one is a moment at which a system without outbox, inbox and provider keys loses or doubles something.
 */
export const crashPoints = {
  'consumer.before-commit': 'the effect is written but not committed',
  'consumer.after-commit': 'the effect is committed, the event not acknowledged',
  'relay.before-publish': 'the event is committed in the outbox, not in the stream',
  'relay.after-publish': 'the event is in the stream, not marked as published',
  'worker.before-effect': 'a call to the outside is claimed but not made',
  'worker.after-effect': 'the outside has answered, the answer is not committed',
} as const;

export type CrashPoint = keyof typeof crashPoints;

const isCrashPoint = (name: string): name is CrashPoint => Object.hasOwn(crashPoints, name);

let armed: { point: CrashPoint; passesLeft: number } | undefined;

/**
 * Arms one point of this process: `relay.after-publish`, or `relay.after-publish:3` to die at the third pass.
 * Throws on a name that is not a crash point.
 */
export function armCrashPoint(setting: string): void {
  const [point = '', pass = '1'] = setting.split(':');
  if (!isCrashPoint(point) || !/^[1-9]\d*$/.test(pass)) {
    throw new Error(
      `${setting}: use one of ${Object.keys(crashPoints).join(', ')}, with :N for the N-th pass`,
    );
  }
  armed = { point, passesLeft: Number(pass) };
}

/** What a supervisor sends to a process it started, over the IPC channel that nobody else has. */
export type ArmMessage = { crashAt: string };

/** Lets the supervisor arm a crash point while the process runs; the process that follows is whole again. */
export function armOnDemand(log: Logger): void {
  process.on('message', (message: unknown) => {
    if (typeof message !== 'object' || message === null || !('crashAt' in message)) return;
    armCrashPoint(String(message.crashAt));
    log.warn({ crashAt: message.crashAt }, 'this process will die at a crash point');
  });
}

/** Dies here if armed, as by `kill -9`: no handler runs, nothing is flushed. */
export function crashPoint(point: CrashPoint): void {
  if (armed?.point !== point) return;
  armed.passesLeft -= 1;
  if (armed.passesLeft === 0) process.kill(process.pid, 'SIGKILL');
}
