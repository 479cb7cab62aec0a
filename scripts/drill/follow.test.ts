import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DrillReport, DrillView } from '@orderflow/contracts/drills';
import { expect, onTestFinished, test } from 'vitest';
import type { Controller } from './controller.ts';
import { follow } from './follow.ts';
import { readPreset } from './presets.ts';
import { table } from './table.ts';
import { runningSystem } from './where.ts';

const begun = '2026-01-02T03:04:05.000Z';
const moment = (seconds: number, phase: DrillView['phase'], what: string) => ({
  at: new Date(Date.parse(begun) + seconds * 1000).toISOString(),
  phase,
  what,
});

const view = (changes: Partial<DrillView>): DrillView => ({
  ...readPreset('payment-crash'),
  id: '0198c3a4-6f00-7c31-9d5a-5b1f8f6f2a10',
  phase: 'Pending',
  reason: null,
  message: null,
  startedBy: 'test',
  createdAt: begun,
  startedAt: null,
  endedAt: null,
  instances: [],
  orders: { asked: 0, accepted: 0, ended: 0 },
  timeline: [moment(0, 'Pending', 'It was asked for.')],
  ...changes,
});

test('each moment of a drill is told once, and a controller that is away is asked again', async () => {
  const last = view({
    phase: 'Passed',
    endedAt: begun,
    timeline: [
      moment(0, 'Pending', 'It was asked for.'),
      moment(1.5, 'Injecting', 'It struck.'),
      moment(9, 'Passed', 'All is well.'),
    ],
  });
  const answers = [view({}), new Error('away'), view({ timeline: last.timeline.slice(0, 2) }), last];
  const controller = {
    read: async () => {
      const answer = answers.shift()!;
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  const lines: string[] = [];
  const ended = await follow({
    controller: controller as unknown as Controller,
    drill: view({}),
    say: (line) => lines.push(line),
    everyMs: 1,
  });
  expect(ended.phase).toBe('Passed');
  expect(lines).toEqual([
    '    0.0 s  Pending      It was asked for.',
    '    1.5 s  Injecting    It struck.',
    '    9.0 s  Passed       All is well.',
  ]);
});

test('the table has a row for each drill', () => {
  const report = {
    name: 'payment-crash',
    verdict: 'Passed',
    orders: { accepted: 105, refused: 1, open: 2, lost: 0, doubled: 0 },
    detectedAfter: 0.93,
    recoveredAfter: null,
  };
  expect(table([report as DrillReport]).split('\n')).toEqual([
    '| drill         | verdict | accepted | refused | open | lost | doubled | detected after | recovered after |',
    '| ------------- | ------- | -------- | ------- | ---- | ---- | ------- | -------------- | --------------- |',
    '| payment-crash | Passed  | 105      | 1       | 2    | 0    | 0       | 0.9 s          | –               |',
  ]);
});

test('without a system that runs it says how to get one', () => {
  const folder = mkdtempSync(join(tmpdir(), 'orderflow-drill-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  expect(() => runningSystem(folder)).toThrow(/npm start[\s\S]*--start[\s\S]*--url/);
});
