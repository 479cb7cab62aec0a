import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { events } from '@orderflow/contracts/events';
import { expect, onTestFinished, test } from 'vitest';
import { eventTable, withEventTable } from './event-table/table.ts';

const script = join(import.meta.dirname, 'event-table.ts');
const architecture = join(import.meta.dirname, '../docs/architecture.md');

const run = (...args: string[]) => spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });

function fileWith(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'orderflow-events-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'a.md');
  writeFileSync(file, text);
  return file;
}

test('the table of events in the architecture is that of the code', () => {
  const document = readFileSync(architecture, 'utf8');
  expect(document, 'node scripts/event-table.ts --write docs/architecture.md').toBe(withEventTable(document));
});

test('the table names the producer and the consumers of an event', () => {
  const row = eventTable()
    .split('\n')
    .find((line) => line.includes('`order.confirmed`'));
  expect(row?.split('|').map((cell) => cell.trim())).toEqual([
    '',
    '`order.confirmed`',
    'order',
    events['order.confirmed'].when,
    'payment, notification, auditor',
    '',
  ]);
});

test('a table that is out of date fails the check, is written anew, and then passes', () => {
  const file = fileWith('before\n<!-- events:start -->\nold\n<!-- events:end -->\nafter\n');
  expect(run('--check', file)).toMatchObject({ status: 1, stderr: expect.stringContaining('out of date') });
  expect(run('--write', file).status).toBe(0);
  expect(run('--check', file).status).toBe(0);
  expect(readFileSync(file, 'utf8')).toBe(
    `before\n<!-- events:start -->\n\n${eventTable()}\n\n<!-- events:end -->\nafter\n`,
  );
});

test('a file without a place for the table says what to put there', () => {
  const answer = run('--write', fileWith('nothing'));
  expect(answer.status).toBe(1);
  expect(answer.stderr).toContain('<!-- events:start -->\n<!-- events:end -->');
});

test('without options the table is printed, and --help says what else there is', () => {
  expect(run().stdout.trim()).toBe(eventTable());
  expect(run('--help').stdout).toContain('--write FILE');
  expect(run('--wrong').status).toBe(1);
});
