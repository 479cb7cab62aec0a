import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');

/** What each package may import of ours. Services may import `serviceMayImport`. */
const packageMayImport: Record<string, string[]> = {
  contracts: [],
  client: ['contracts'],
  'service-kit': ['contracts'],
  messaging: ['contracts', 'service-kit'],
  'local-runtime': [],
  testing: ['contracts', 'service-kit', 'local-runtime'],
};
const serviceMayImport = ['contracts', 'service-kit', 'messaging'];
/** Drills place their orders through the gateway, as any client does. */
const serviceMayImportToo: Record<string, string[]> = { 'chaos-controller': ['client'] };

/** Stand-ins for the outside world, which tests of those who call it may start. */
const simulator = /^services\/(bank|postbox)\/test\//;

/** Contracts are read by browsers too: nothing but schemas and what they are made of. */
const contractsMayUse = ['zod', 'zod-openapi', 'uuid'];
const inputOutput = /\b(process|console|fetch|Deno|XMLHttpRequest|WebSocket)\s*[.(]|\bimport\s*\(/;

const mayReadEnvironment =
  /^(packages\/(service-kit|local-runtime)\/src\/config\.ts|scripts\/.*|[^/]*\.config\.ts)$/;

/** Dates for people may follow the runtime's locale data. Money does not: its decimals are a table in contracts. */
const localeData = /\bIntl\b(?!\.DateTimeFormat\b)|\.toLocaleString\(/;
/** Counts of the bench, in groups of three digits. */
const mayGroupDigits = 'scripts/bench/report.ts';

const isForTests = (file: string) => /\.test\.ts$|\/(test|fixtures)\//.test(file) || file.startsWith('e2e/');

const importStatement =
  /^\s*(?:import(?=[\s{*'"])|export\s+(?:type\s+)?[*{])[^'";]*['"]([^'"]+)['"]|\bimport\s*\(\s*['"]([^'"]+)['"]/gm;

const importsIn = (source: string): string[] =>
  [...source.matchAll(importStatement)].map((match) => (match[1] ?? match[2])!);

/** Where a file belongs: `packages/messaging`, `services/order`, `scripts` … */
const homeOf = (file: string): string => {
  const [top = '', name = ''] = file.split('/');
  return top === 'packages' || top === 'services' ? `${top}/${name}` : top;
};

/** What a file of ours does that it may not. */
function violations(file: string, source: string): string[] {
  const home = homeOf(file);
  const [kind, name = ''] = home.split('/');
  const found: string[] = [];
  for (const imported of importsIn(source)) {
    const why = wrongImport(imported);
    if (why) found.push(`${file} imports ${imported}: ${why}`);
  }
  if (home === 'packages/contracts' && !isForTests(file) && inputOutput.test(source)) {
    found.push(`${file} does more than say what things look like`);
  }
  if (/\bprocess\.env\b/.test(source) && !mayReadEnvironment.test(file) && !isForTests(file)) {
    found.push(`${file} reads the environment: that belongs into a config`);
  }
  if (localeData.test(source) && file !== mayGroupDigits && !isForTests(file)) {
    found.push(`${file} writes numbers by the locale data of the runtime: use formatMoney of contracts`);
  }
  return found;

  function wrongImport(imported: string): string | undefined {
    if (imported.startsWith('.')) {
      const path = normalize(join(dirname(file), imported));
      const free = homeOf(path) === home || kind === 'scripts' || kind === 'e2e';
      return free || (isForTests(file) && simulator.test(path)) ? undefined : `that is ${homeOf(path)}'s own`;
    }
    const ours = /^@orderflow\/([^/]+)/.exec(imported)?.[1];
    if (!ours) {
      const foreign =
        home === 'packages/contracts' && !isForTests(file) && !contractsMayUse.includes(imported);
      return foreign ? `contracts use ${contractsMayUse.join(', ')} only` : undefined;
    }
    if (kind !== 'packages' && kind !== 'services') return undefined;
    if (ours === name) return 'a package imports itself by relative paths';
    const allowed =
      kind === 'services'
        ? [...serviceMayImport, ...(serviceMayImportToo[name] ?? [])]
        : (packageMayImport[name] ?? []);
    if (allowed.includes(ours) || (isForTests(file) && Object.hasOwn(packageMayImport, ours)))
      return undefined;
    return `${home} may import ${allowed.join(', ') || 'nothing of ours'}`;
  }
}

const files = globSync('{packages,services,scripts,e2e}/**/*.{ts,mts,mjs}', {
  cwd: root,
  exclude: (path) => /(^|\/)(node_modules|generated)$/.test(path),
}).concat(globSync('*.ts', { cwd: root }));

test('nothing imports what it may not, contracts do no I/O, the environment is read in configs only, and no number follows the locale data', () => {
  expect(files.length).toBeGreaterThan(100);
  const found = files.flatMap((file) => violations(file, readFileSync(join(root, file), 'utf8')));
  expect(found).toEqual([]);
});

test('every package has its row in the rules', () => {
  const packages = globSync('packages/*/package.json', { cwd: root }).map((file) => file.split('/')[1]!);
  expect(packages.sort()).toEqual(Object.keys(packageMayImport).sort());
});

test.each([
  ['services/order/src/a.ts', "import { pay } from '../../payment/src/domain.ts';"],
  ['services/order/src/a.ts', "import { pay } from '@orderflow/payment/domain';"],
  ['services/order/src/a.ts', "import {\n  anEvent,\n} from '@orderflow/testing/events';"],
  ['services/order/src/a.ts', "export * from '../../../packages/contracts/src/events.ts';"],
  ['services/order/src/a.test.ts', "import { pay } from '@orderflow/payment/domain';"],
  ['services/payment/src/a.test.ts', "import { charge } from '../../bank/src/operations/charge.ts';"],
  ['services/payment/src/a.ts', "import { startBank } from '../../bank/test/bank.ts';"],
  ['services/order/src/a.ts', "const { pay } = await import('../../payment/src/domain.ts');"],
  ['packages/messaging/src/a.ts', "import { startPostgres } from '@orderflow/local-runtime/postgres';"],
  ['packages/service-kit/src/a.ts', "import { startRelay } from '@orderflow/messaging/relay';"],
  ['packages/contracts/src/a.ts', "import type { Logger } from '@orderflow/service-kit/logger';"],
  ['packages/contracts/src/a.ts', "import { readFile } from 'node:fs/promises';"],
  ['packages/contracts/src/a.ts', "import 'pg';"],
  ['packages/contracts/src/a.ts', "const found = await fetch('http://localhost');"],
  ['services/order/src/app.ts', 'const demo = process.env.DEMO;'],
  ['services/order/src/config.ts', 'const demo = process.env.DEMO;'],
  ['packages/contracts/src/a.ts', "const { format } = new Intl.NumberFormat('en', { style: 'currency' });"],
  ['services/order/src/a.ts', 'const { NumberFormat } = Intl;'],
  ['packages/client/src/a.ts', "const price = amount.toLocaleString('de');"],
])('in %s, %s is a violation', (file, source) => {
  expect(violations(file, source)).toHaveLength(1);
});

test.each([
  ['services/order/src/a.ts', "import { startRelay } from '@orderflow/messaging/relay';"],
  ['services/order/src/operations/a.ts', "import { canMove } from '../domain.ts';"],
  ['services/order/src/a.test.ts', "import { anEvent } from '@orderflow/testing/events';"],
  ['services/payment/src/a.test.ts', "import { startBank } from '../../bank/test/bank.ts';"],
  ['packages/contracts/src/a.ts', "export const kinds = { a: 'pg', b: 'node:fs' };"],
  ['packages/messaging/src/a.ts', "import type { Group } from '@orderflow/contracts/groups';"],
  ['packages/contracts/src/a.ts', "import { z } from 'zod';"],
  ['scripts/a.ts', "import { startSystem } from '@orderflow/local-runtime/system';"],
  ['packages/service-kit/src/config.ts', 'const demo = process.env.DEMO;'],
  ['vitest.config.ts', 'const demo = process.env.DEMO;'],
  ['services/notification/src/a.ts', "const dates = new Intl.DateTimeFormat('en-GB');"],
])('in %s, %s is allowed', (file, source) => {
  expect(violations(file, source)).toEqual([]);
});
