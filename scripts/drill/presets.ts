import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { drillName, drillSpec } from '@orderflow/contracts/drills';
import { parse } from 'yaml';
import { z } from 'zod';

const folder = join(import.meta.dirname, '../../k8s/drills');

/** A Drill as Kubernetes takes it. */
const resource = z.strictObject({
  apiVersion: z.literal('orderflow.io/v1alpha1'),
  kind: z.literal('Drill'),
  metadata: z.strictObject({ name: drillName }),
  spec: drillSpec,
});

export const presetNames = (): string[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => basename(file, '.yaml'))
    .sort();

/** The drill of that name. Throws on one that is not there, naming those that are. */
export function readPreset(name: string) {
  const names = presetNames();
  if (!names.includes(name)) {
    throw new Error(`There is no drill ${name}. There are:\n  ${names.join('\n  ')}`);
  }
  const { metadata, spec } = resource.parse(parse(readFileSync(join(folder, `${name}.yaml`), 'utf8')));
  return { name: metadata.name, spec };
}
