import type { DrillReport } from '@orderflow/contracts/drills';
import { newId } from '@orderflow/contracts/ids';
import { expect, test } from 'vitest';
import { aCheck, aSpec } from '../test/drill-samples.ts';
import { code, table, text } from './report/markdown.ts';
import { picture, sparkline } from './report/picture.ts';
import { reportMarkdown } from './report-markdown.ts';

const none = { orders: 0, p50: null, p95: null, p99: null, endP95: null };
const at = (second: number) => new Date(Date.UTC(2026, 0, 31, 12, 0, second)).toISOString();
const orderId = newId();

const aReport = (changes: Partial<DrillReport> = {}): DrillReport => ({
  id: newId(),
  name: 'inventory-crash',
  driver: 'local',
  spec: aSpec(),
  verdict: 'Passed',
  reason: 'AccountedFor',
  message: 'Every order is accounted for.',
  startedAt: at(0),
  endedAt: at(60),
  injectedAt: at(10),
  instances: [{ name: 'inventory-1', uid: 'a' }],
  orders: {
    asked: 31,
    accepted: 30,
    refused: 1,
    paid: 29,
    cancelled: 1,
    open: 0,
    openIds: [],
    lost: 0,
    lostIds: [],
    doubled: 0,
    doubledIds: [],
  },
  detectedAfter: 1.2,
  detectedBy: 'target',
  recoveredAfter: 7.2,
  latency: {
    before: { orders: 10, p50: 11, p95: 21.4, p99: 31, endP95: 401 },
    during: { orders: 15, p50: 12, p95: 3_000, p99: 3_100, endP95: 4_000 },
    after: { ...none, orders: 5, p50: 13 },
  },
  pace: { from: at(0), sliceSeconds: 1, ended: [...Array(10).fill(3), ...Array(10).fill(0), 8, 4] },
  probes: [{ name: 'products', samples: 50, failed: 4, unknown: 2, last: 'holds' }],
  invariants: { before: 'holds', after: aCheck('one-charge-per-order', [orderId], 3) },
  timeline: [
    { at: at(0), phase: 'SteadyState', what: 'Orders began.' },
    { at: at(10), phase: 'Injecting', what: 'inventory-1 | crashed.' },
    { at: at(12), phase: 'Recovering', what: 'The fault is over.' },
    { at: at(17), phase: 'Verifying', what: 'All is well.' },
    { at: at(60), phase: 'Passed', what: 'Over.' },
  ],
  previous: null,
  ...changes,
});

/** The rows of the table under a heading, as lists of cells; escaped pipes are none. */
function rowsUnder(markdown: string, heading: string): string[][] {
  const part = markdown.split(/^## /m).find((section) => section.startsWith(`${heading}\n`)) ?? '';
  return part
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

const figure = (markdown: string, name: string) =>
  rowsUnder(markdown, 'Figures')
    .find(([first]) => first === name)
    ?.slice(1);

test('it begins with the verdict, the hypothesis and what came of it', () => {
  const [title, hypothesis, summary] = reportMarkdown(aReport()).split('\n\n');
  expect(title).toBe('# ✅ Drill `inventory-crash`: Passed');
  expect(hypothesis).toBe('> Orders go on when inventory crashes.');
  expect(summary).toBe(
    '**Every order is accounted for.** The fault was `crash` of inventory (`inventory-1`). Everything worked again 7.2 s after it. Of 31 orders 30 were accepted, 0 lost and 0 doubled.',
  );
});

test('orders that were still open when they were counted are told apart from lost ones', () => {
  const { orders } = aReport();
  const early = reportMarkdown(
    aReport({ verdict: 'Aborted', orders: { ...orders, open: 2, openIds: [orderId, 'other'] } }),
  );
  expect(early).toContain(
    '30 were accepted, 0 lost and 0 doubled; 2 were still open when they were counted.',
  );
  expect(figure(early, '… still open')).toEqual(['2']);
  expect(figure(early, '… **lost**')).toEqual(['**0**']);
  expect(early).toContain(`- Still open: \`${orderId}\`, \`other\``);
  expect(figure(reportMarkdown(aReport()), '… still open')).toEqual(['0']);
});

test('figures stand beside those of the run before, when there was one', () => {
  const alone = reportMarkdown(aReport());
  expect(figure(alone, '… refused')).toEqual(['1']);
  expect(figure(alone, 'Detected after')).toEqual(['1.2 s (target)']);
  const previous = {
    id: newId(),
    verdict: 'Failed' as const,
    endedAt: at(1),
    recoveredAfter: null,
    detectedAfter: 2,
    refused: 8,
    duringP95: 4_000,
  };
  const compared = reportMarkdown(aReport({ previous }));
  expect(figure(compared, 'Verdict')).toEqual(['Passed', 'Failed']);
  expect(figure(compared, 'Recovered after')).toEqual(['7.2 s', '–']);
  expect(figure(compared, '… refused')).toEqual(['1', '8']);
  expect(figure(compared, 'p95 during the fault')).toEqual(['3000 ms', '4000 ms']);
});

test('latency is shown by when orders were asked for', () => {
  expect(rowsUnder(reportMarkdown(aReport()), 'Latency of orders').slice(2)).toEqual([
    ['Before the fault', '10', '11 ms', '21 ms', '31 ms', '401 ms'],
    ['Until recovery', '15', '12 ms', '3000 ms', '3100 ms', '4000 ms'],
    ['After', '5', '13 ms', '–', '–', '–'],
  ]);
});

test('invariants name the orders that break them, and say how many more there are', () => {
  const markdown = reportMarkdown(aReport());
  expect(rowsUnder(markdown, 'Invariants').slice(2)).toEqual([
    [
      '`one-charge-per-order`',
      'No order is charged twice.',
      '**broken**',
      `\`${orderId}\`: 2 charges \\| 1 is right<br>and 3 more`,
    ],
  ]);
  expect(markdown).toContain(
    'Before the fault: **holds**. At the end: **broken**, by a check of 100 orders in 1.5 s.',
  );
  expect(reportMarkdown(aReport({ invariants: { before: 'unknown', after: null } }))).toContain(
    'Before the fault: **unknown**. They were not checked at the end.',
  );
});

test('orders that are lost or doubled are named', () => {
  const { orders } = aReport();
  const markdown = reportMarkdown(
    aReport({ orders: { ...orders, lost: 1, lostIds: ['a'], doubled: 2, doubledIds: ['b', 'c'] } }),
  );
  expect(markdown).toContain('## Orders to look at\n\n- Lost: `a`\n- Doubled: `b`, `c`\n');
  expect(reportMarkdown(aReport())).not.toContain('Orders to look at');
});

test('probes and the time line are tables, times counted from the fault', () => {
  const markdown = reportMarkdown(aReport());
  expect(rowsUnder(markdown, 'Probes').slice(2)).toEqual([['`products`', '50', '4', '2', 'holds']]);
  expect(rowsUnder(markdown, 'Time line').slice(2, 4)).toEqual([
    ['12:00:00.000', '−10.0 s', 'SteadyState', 'Orders began.'],
    ['12:00:10.000', '+0.0 s', 'Injecting', 'inventory-1 \\| crashed.'],
  ]);
});

test('it says how to run the drill again', () => {
  const markdown = reportMarkdown(aReport());
  expect(markdown).toMatch(/^npm run drill inventory-crash /m);
  expect(markdown).toMatch(/^kubectl apply -f k8s\/drills\/inventory-crash\.yaml /m);
});

test('every row of every table has as many cells as its head, whatever people wrote', () => {
  const nasty = 'a | b\n\n# c \\| `d` <script>alert(1)</script> *e* ~~f~~ [g](http://h) \\';
  const spec = aSpec({ hypothesis: nasty });
  const timeline = aReport().timeline.map((moment) => ({ ...moment, what: nasty }));
  const check = aCheck('one-charge-per-order', [null]);
  const [invariant] = check.invariants;
  Object.assign(invariant!, { sentence: nasty, reason: nasty });
  Object.assign(invariant!.violations[0]!, { subject: 'x | `y`', detail: nasty });
  const markdown = reportMarkdown(
    aReport({
      spec,
      timeline,
      message: nasty,
      detectedBy: nasty,
      invariants: { before: 'holds', after: check },
      instances: [{ name: 'x | `y`', uid: 'a' }],
    }),
  );
  for (const heading of ['Figures', 'Latency of orders', 'Invariants', 'Probes', 'Time line']) {
    const [head, ...rows] = rowsUnder(markdown, heading);
    expect(rows.map((row) => [heading, row.length])).toEqual(rows.map(() => [heading, head!.length]));
  }
  expect(markdown).not.toContain('<script>');
  expect(markdown.match(/^#+ .*$/gm)!.filter((line) => line.includes('# c'))).toEqual([]);
});

test('a drill that was refused has a report of what little there is', () => {
  const orders = { ...aReport().orders, asked: 0, accepted: 0, refused: 0, paid: 0, cancelled: 0 };
  const markdown = reportMarkdown(
    aReport({
      verdict: 'Refused',
      message: 'The kill switch is engaged.',
      injectedAt: null,
      instances: [],
      orders,
      latency: { before: none, during: none, after: none },
      pace: null,
      probes: [],
      timeline: [],
      invariants: { before: 'unknown', after: null },
    }),
  );
  expect(markdown).toContain('The fault `crash` of inventory was not injected.');
  for (const heading of ['Latency of orders', 'Probes', 'Time line']) expect(markdown).not.toContain(heading);
});

test('the picture shows each phase in its place, the fault, and how many orders ended', () => {
  const lines = picture(aReport()).split('\n');
  const cells = (label: string) =>
    lines
      .find((line) => line.startsWith(label))!
      .slice(14, 74)
      .padEnd(60)
      .split('');
  const filled = (label: string) => cells(label).flatMap((cell, i) => (cell === '█' ? [i] : []));
  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
  expect(filled('SteadyState')).toEqual(range(0, 10));
  expect(filled('Injecting')).toEqual(range(10, 12));
  expect(filled('Verifying')).toEqual(range(17, 60));
  expect(lines.some((line) => line.startsWith('Passed'))).toBe(false);
  expect(cells('fault').indexOf('▲')).toBe(10);
  expect(cells('orders ended').slice(0, 22).join('')).toBe(`${'▃'.repeat(10)}${' '.repeat(10)}█▄`);
  expect(lines.at(-1)).toMatch(/at most 8\.0 a second$/);
});

test('a little is to be seen beside very much', () => {
  expect(sparkline([0, 1, 50, 100], 100)).toBe(' ▁▄█');
});

test('text stands as it is, and code has no backticks', () => {
  expect(text('a|b *c* _d_ `e` [f] <g> & \\ h\ni')).toBe(
    'a\\|b \\*c\\* \\_d\\_ \\`e\\` \\[f\\] &lt;g\\> &amp; \\\\ h i',
  );
  expect(code('a`b|c')).toBe('`aˋb\\|c`');
  expect(table(['', 'A'], [['b', '1']], { figures: true })).toBe('|  | A |\n| --- | ---: |\n| b | 1 |');
});
