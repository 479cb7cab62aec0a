import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { services } from '@orderflow/local-runtime/services';
import { eventually } from '@orderflow/testing/eventually';
import { expect, onTestFinished, test } from 'vitest';
import { FILE_BYTES, openLog } from './log.ts';

function open() {
  const folder = mkdtempSync(join(tmpdir(), 'orderflow-logs-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const terminal = new PassThrough();
  const shown: string[] = [];
  terminal.on('data', (chunk) => shown.push(String(chunk)));
  return { folder, shown, log: openLog(folder, terminal as unknown as NodeJS.WriteStream) };
}

test('a line goes to the terminal and, as it came, into the file of its source', async () => {
  const { folder, shown, log } = open();
  log.line('order', '{"level":30,"time":0,"msg":"placed"}');
  await eventually(() =>
    expect(readFileSync(join(folder, 'order.log'), 'utf8')).toBe('{"level":30,"time":0,"msg":"placed"}\n'),
  );
  expect(shown.join('')).toContain('INFO  placed');
});

test('of Postgres and Redis the terminal shows what ends them, and no refusal of a client', () => {
  const { shown, log } = open();
  log.line('postgres', 'LOG:  checkpoint starting');
  log.line('postgres', 'FATAL:  the database system is in recovery mode');
  log.line('postgres', 'PANIC:  could not write to file "pg_wal/xlogtemp.1": No space left on device');
  expect(shown).toEqual([expect.stringContaining('PANIC:  could not write')]);
});

test.runIf(existsSync('/dev/full'))(
  'a full disk is said once, whatever is written, and ends nothing',
  async () => {
    const { folder, shown, log } = open();
    const sources = ['order', 'payment'];
    for (const source of sources) symlinkSync('/dev/full', join(folder, `${source}.log`));
    for (let i = 0; i < 100; i++) for (const source of sources) log.line(source, `line ${i}`);
    const said = () => shown.filter((line) => line.includes('Logs: cannot be written'));
    await eventually(() => expect(said()).toHaveLength(1));
    expect(said()[0]).toContain('ENOSPC');
    log.line('gateway', 'goes on');
    await eventually(() => expect(readFileSync(join(folder, 'gateway.log'), 'utf8')).toBe('goes on\n'));
    expect(said()).toHaveLength(1);
    expect(shown.join('')).toContain('line 99');
  },
);

test('all files together take 64 MB at most', () => {
  const sources = services.length + ['postgres', 'redis'].length;
  expect(sources * 2 * FILE_BYTES).toBeLessThanOrEqual(64_000_000);
});
