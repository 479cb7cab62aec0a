import { envelope } from '@orderflow/contracts/envelope';
import { events } from '@orderflow/contracts/events';
import { subscriptions } from '@orderflow/contracts/groups';
import { z } from 'zod';
import { type JsonSchema, refusals } from './accepts.ts';
import { decided } from './decided.ts';

/** What a release of OrderFlow says about events: what it writes and reads, and which group wants what. */
export type Release = {
  envelope: JsonSchema;
  events: Record<string, { version: number; source: string; data: JsonSchema }>;
  subscriptions: Record<string, readonly string[] | 'all'>;
};

const toSchema = (schema: z.ZodType): JsonSchema => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return rest as JsonSchema;
};

/** Returns what the code of today says. */
export const today = (): Release => ({
  envelope: toSchema(envelope),
  events: Object.fromEntries(
    Object.entries(events).map(([type, { version, source, data }]) => [
      type,
      { version, source, data: toSchema(data) },
    ]),
  ),
  subscriptions,
});

/**
 * Returns why two releases cannot run side by side, as they do in a rollout and after a rollback: each must read what
 * the other writes. One line for each reason, without those that were decided on.
 */
export function conflicts(before: Release, now: Release, known = decided): string[] {
  const found = both('envelope', before.envelope, now.envelope);
  for (const [type, old] of Object.entries(before.events)) {
    const event = now.events[type];
    if (!event) {
      const groups = Object.entries(before.subscriptions)
        .filter(([, types]) => types !== 'all' && types.includes(type))
        .map(([group]) => group);
      if (groups.length > 0)
        found.push(`${type}: gone, but ${groups.join(', ')} of the last release wants it`);
      continue;
    }
    if (event.version !== old.version)
      found.push(`${type}: version ${event.version}, but the last release reads ${old.version} alone`);
    if (event.source !== old.source) found.push(`${type}: moved from ${old.source} to ${event.source}`);
    found.push(...both(type, old.data, event.data));
  }
  return found.filter((line) => !known.some((one) => one.conflicts.test(line)));
}

const both = (name: string, before: JsonSchema, now: JsonSchema): string[] => [
  ...refusals(before, now).map((why) => `${name}, read by the last release: ${why}`),
  ...refusals(now, before).map((why) => `${name}, written by the last release: ${why}`),
];
