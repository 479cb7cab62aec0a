import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@orderflow/testing/eventually';
import { expect, onTestFinished, test } from 'vitest';
import { olderName, openLogFile } from './log-file.ts';

function newFile() {
  const folder = mkdtempSync(join(tmpdir(), 'orderflow-log-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, 'order.log');
}

const modesOf = (path: string) => [path, olderName(path)].map((file) => statSync(file).mode & 0o777);

const lines = (path: string) => readFileSync(path, 'utf8').trim().split('\n');

test('lines are appended in their order, and the next start goes on behind them', async () => {
  const path = newFile();
  for (const start of ['first', 'second']) {
    const file = openLogFile({ path, maxBytes: 100_000 });
    for (let i = 0; i < 100; i++) file.write(`${start} ${i}`);
    await file.close();
  }
  const expected = ['first', 'second'].flatMap((start) =>
    Array.from({ length: 100 }, (_, i) => `${start} ${i}`),
  );
  expect(lines(path)).toEqual(expected);
});

test('a file that is full becomes the older one, and both stay within their bound', async () => {
  const path = newFile();
  const file = openLogFile({ path, maxBytes: 1_000 });
  for (let i = 0; i < 500; i++) {
    file.write(`line ${i}`);
    // A few lines are written at once.
    if (i % 20 === 0)
      await eventually(() => expect(existsSync(path) && readFileSync(path, 'utf8')).toContain(`line ${i}`));
  }
  await file.close();
  expect(readFileSync(path).length).toBeLessThanOrEqual(1_000);
  expect(readFileSync(olderName(path)).length).toBeLessThanOrEqual(1_000);
  const kept = [...lines(olderName(path)), ...lines(path)];
  expect(kept).toEqual(Array.from({ length: kept.length }, (_, i) => `line ${500 - kept.length + i}`));
});

test('only its owner can read a log, and one that an earlier version left open is closed', async () => {
  const path = newFile();
  for (const old of [path, olderName(path)]) writeFileSync(old, 'before\n', { mode: 0o644 });
  const file = openLogFile({ path, maxBytes: 100 });
  file.write('first');
  await eventually(() => expect(readFileSync(path, 'utf8')).toContain('first'));
  expect(modesOf(path)).toEqual([0o600, 0o600]);
  file.write('x'.repeat(100));
  await file.close();
  expect(modesOf(path)).toEqual([0o600, 0o600]);
});

test.runIf(existsSync('/dev/full'))(
  'a full disk costs lines and nothing else: it is said once, and once more when there is room again',
  async () => {
    const path = newFile();
    symlinkSync('/dev/full', path);
    const told: string[] = [];
    const file = openLogFile({
      path,
      maxBytes: 100_000,
      retryMs: 10,
      onFailure: ({ message }) => told.push(message),
      onRecovery: () => told.push('written again'),
    });
    file.write('lost 1');
    await eventually(() => expect(told).toHaveLength(1));
    file.write('lost 2');
    rmSync(path);
    await eventually(() => expect(told).toHaveLength(2));
    file.write('kept');
    await file.close();
    expect(told).toEqual([expect.stringContaining('ENOSPC'), 'written again']);
    expect(lines(path)).toEqual(['2 lines are missing here: they could not be written.', 'kept']);
  },
);

test.runIf(existsSync('/dev/full'))('a log that cannot be written is closed at once', async () => {
  const path = newFile();
  symlinkSync('/dev/full', path);
  const file = openLogFile({ path, maxBytes: 100_000, retryMs: 60_000 });
  file.write('lost');
  await file.close();
});

test.each([
  ['logs/order.log', 'logs/order.1.log'],
  ['log.txt', 'log.1.txt'],
  ['logs.d/order', 'logs.d/order.1'],
])('the older one of %s is %s', (path, older) => {
  expect(olderName(path)).toBe(older);
});
