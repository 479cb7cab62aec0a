import { drillSpec } from '@orderflow/contracts/drills';
import { expect, test } from 'vitest';
import { rules } from './generate-crd/crd.ts';
import { structural } from './generate-crd/structural.ts';

const spec = {
  hypothesis: 'Nothing is lost when it goes.',
  target: { kind: 'redis' },
  fault: { type: 'delete' },
};

/** For each place with rules, specs that break each of them, in their order. */
const breaking: Record<string, object[]> = {
  target: [{ ...spec, target: { kind: 'service' } }],
  fault: [
    { ...spec, fault: { type: 'partition' } },
    { ...spec, fault: { type: 'delete', bank: { hang: true } } },
  ],
  'probes.items': [{ ...spec, probes: [{ name: 'neither' }] }],
};

test.each(
  Object.entries(rules).flatMap(([place, list]) =>
    list.map(({ message }, index) => ({ place, message, broken: breaking[place]?.[index] })),
  ),
)('the rule of $place has the words of the contract: $message', ({ message, broken }) => {
  const messages = drillSpec.safeParse(broken).error?.issues.map((issue) => issue.message);
  expect(messages).toContain(message);
});

test('every refinement of the contract has a rule', () => {
  const said = Object.values(breaking)
    .flat()
    .flatMap((broken) => drillSpec.safeParse(broken).error!.issues)
    .filter(({ code }) => code === 'custom')
    .map(({ message }) => message);
  const ruled = Object.values(rules).flatMap((list) => list.map(({ message }) => message));
  expect(new Set(said)).toEqual(new Set(ruled));
  expect(countOfRefinements(drillSpec)).toBe(ruled.length);
});

test('unknown fields are left to the API server, and limits that are none are left out', () => {
  const schema = {
    type: 'object',
    additionalProperties: false,
    properties: { a: { type: 'integer', minimum: Number.MIN_SAFE_INTEGER, maximum: 5 } },
  };
  expect(structural(schema, {})).toEqual({
    type: 'object',
    properties: { a: { type: 'integer', maximum: 5 } },
  });
  expect(() => structural(schema, { b: [] })).toThrow('rules for b');
});

type Inside = {
  _zod: { def: Record<string, unknown> & { checks?: { _zod: { def: { check: string } } }[] } };
};

/** How many `.refine` a schema has, in all of its parts. */
function countOfRefinements(schema: unknown): number {
  const { def } = (schema as Inside)._zod;
  const own = (def.checks ?? []).filter(({ _zod }) => _zod.def.check === 'custom').length;
  const parts = [...Object.values((def.shape as object) ?? {}), def.element, def.innerType].filter(Boolean);
  return own + parts.reduce((sum: number, part) => sum + countOfRefinements(part), 0);
}
