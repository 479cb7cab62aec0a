import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './root.mjs';

const stampFile = join(root, 'node_modules/.orderflow-installed');

/** The Prisma schemas of the services, as `{ service, schema }` with full paths. */
export function schemas() {
  return foldersIn('services')
    .map((service) => ({ service, schema: join(service, 'prisma/schema.prisma') }))
    .filter(({ schema }) => existsSync(schema));
}

/** What the installed state depends on, as two hashes: one for the dependencies, one for the generated clients. */
export function fingerprints() {
  const packages = [root, ...foldersIn('packages'), ...foldersIn('services')]
    .map((folder) => join(folder, 'package.json'))
    .filter((file) => existsSync(file));
  const dependencies = [
    readFileSync(join(root, 'package-lock.json'), 'utf8'),
    ...packages.map(dependenciesIn),
  ];
  const clients = [
    dependencies.join(),
    ...schemas().flatMap(({ schema }) => [schema.slice(root.length), readFileSync(schema, 'utf8')]),
  ];
  return { dependencies: hash(dependencies), clients: hash(clients) };
}

/** What was installed last; an empty object when nothing was, npm replaced node_modules since, or a power cut left no JSON. */
export function readStamp() {
  try {
    return JSON.parse(readFileSync(stampFile, 'utf8'));
  } catch {
    return {};
  }
}

export function writeStamp(stamp) {
  writeFileSync(stampFile, JSON.stringify(stamp));
}

/** Only what decides what is installed: a new npm script is no reason to install again. */
function dependenciesIn(file) {
  const { dependencies, devDependencies, optionalDependencies, overrides, workspaces } = JSON.parse(
    readFileSync(file, 'utf8'),
  );
  return JSON.stringify({ dependencies, devDependencies, optionalDependencies, overrides, workspaces });
}

function foldersIn(name) {
  const folder = join(root, name);
  return existsSync(folder)
    ? readdirSync(folder)
        .sort()
        .map((entry) => join(folder, entry))
    : [];
}

function hash(texts) {
  return createHash('sha256').update(texts.join('\n')).digest('hex');
}
