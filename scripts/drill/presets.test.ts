import { bankFault, drillable, drillTarget, faultType } from '@orderflow/contracts/drills';
import { expect, test } from 'vitest';
import { presetNames, readPreset } from './presets.ts';

const presets = presetNames().map((file) => ({ file, ...readPreset(file) }));

test.each(presets)('the preset $file is a drill of that name that is really run', ({ file, name, spec }) => {
  expect(name).toBe(file);
  expect(spec.dryRun).toBe(false);
});

test('every fault, every kind of target and every way in which the bank goes wrong has a preset', () => {
  expect(new Set(presets.map(({ spec }) => spec.fault.type))).toEqual(new Set(faultType.options));
  expect(new Set(presets.map(({ spec }) => spec.target.kind))).toEqual(
    new Set(drillTarget.shape.kind.options),
  );
  expect(new Set(presets.flatMap(({ spec }) => Object.keys(spec.fault.bank ?? {})))).toEqual(
    new Set(Object.keys(bankFault.shape)),
  );
});

test('every service that orders pass through is the target of one', () => {
  const services = presets.flatMap(({ spec: { target } }) =>
    target.kind === 'service' ? target.service : [],
  );
  expect(services).toEqual(expect.arrayContaining(drillable.exclude(['postbox']).options));
});

test('each believes something of its own', () => {
  expect(new Set(presets.map(({ spec }) => spec.hypothesis)).size).toBe(presets.length);
});

test('a name that is not there is refused with those that are', () => {
  expect(() => readPreset('../secret')).toThrow(/There is no drill \.\.\/secret[\s\S]*payment-crash/);
});
