import type { DrillReport } from '@orderflow/contracts/drills';
import { code, table, text } from './report/markdown.ts';
import { picture } from './report/picture.ts';

const marks = { Passed: '✅', Failed: '❌', Inconclusive: '❔', Aborted: '🛑', Refused: '⛔' } as const;
const NAMED = 20;

/** A report for people. */
export const reportMarkdown = (report: DrillReport): string =>
  [
    `# ${marks[report.verdict]} Drill ${code(report.name)}: ${report.verdict}`,
    `> ${text(report.spec.hypothesis)}`,
    `**${text(report.message)}** ${summary(report)}`,
    ['```text', picture(report), '```'].join('\n'),
    section('Figures', figures(report)),
    section('Latency of orders', latency(report)),
    section('Orders to look at', named(report)),
    section('Invariants', invariants(report)),
    section('Probes', probes(report)),
    section('Time line', timeline(report)),
    section('How to repeat it', howTo(report)),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
    .concat('\n');

const section = (title: string, content: string) => content && `## ${title}\n\n${content}`;

const seconds = (value: number | null) => (value === null ? '–' : `${value.toFixed(1)} s`);
const millis = (value: number | null) => (value === null ? '–' : `${Math.round(value)} ms`);

function summary({ orders, recoveredAfter, injectedAt, spec, instances }: DrillReport): string {
  const { kind, service } = spec.target;
  const target = service ? (kind === 'service' ? service : `${kind} of ${service}`) : kind;
  const of = instances.length > 0 ? ` (${instances.map(({ name }) => code(name)).join(', ')})` : '';
  const fault = injectedAt
    ? `The fault was ${code(spec.fault.type)} of ${text(target)}${of}.`
    : `The fault ${code(spec.fault.type)} of ${text(target)} was not injected.`;
  if (orders.asked === 0) return fault;
  const recovered =
    recoveredAfter === null ? '' : ` Everything worked again ${seconds(recoveredAfter)} after it.`;
  const open = orders.open === 0 ? '' : `; ${orders.open} were still open when they were counted`;
  return `${fault}${recovered} Of ${orders.asked} orders ${orders.accepted} were accepted, ${orders.lost} lost and ${orders.doubled} doubled${open}.`;
}

function figures({ orders, verdict, endedAt, detectedAfter, detectedBy, ...report }: DrillReport): string {
  const { previous, recoveredAfter, latency } = report;
  const noted = detectedBy === null ? '' : ` (${text(detectedBy)})`;
  const rows = [
    ['Ended', when(endedAt), previous ? when(previous.endedAt) : ''],
    ['Verdict', verdict, previous?.verdict ?? ''],
    ['Detected after', seconds(detectedAfter) + noted, previous ? seconds(previous.detectedAfter) : ''],
    ['Recovered after', seconds(recoveredAfter), previous ? seconds(previous.recoveredAfter) : ''],
    ['Orders asked for', String(orders.asked), ''],
    ['… accepted', String(orders.accepted), ''],
    ['… refused', String(orders.refused), previous ? String(previous.refused) : ''],
    ['… paid', String(orders.paid), ''],
    ['… cancelled', String(orders.cancelled), ''],
    ['… still open', String(orders.open), ''],
    ['… **lost**', `**${orders.lost}**`, ''],
    ['… **doubled**', `**${orders.doubled}**`, ''],
    ['p95 during the fault', millis(latency.during.p95), previous ? millis(previous.duringP95) : ''],
  ];
  const head = ['', 'This run', ...(previous ? ['The one before'] : [])];
  return table(
    head,
    rows.map((row) => row.slice(0, head.length)),
    { figures: true },
  );
}

const when = (time: string) => `${time.slice(0, 10)} ${time.slice(11, 19)} UTC`;

function latency({ latency: { before, during, after } }: DrillReport): string {
  if (before.orders + during.orders + after.orders === 0) return '';
  const row = (name: string, { orders, p50, p95, p99, endP95 }: typeof before) => [
    name,
    String(orders),
    ...[p50, p95, p99, endP95].map(millis),
  ];
  const rows = [row('Before the fault', before), row('Until recovery', during), row('After', after)];
  return table(['Asked for', 'Accepted', 'p50', 'p95', 'p99', 'At its end, p95'], rows, { figures: true });
}

function named({ orders: { lostIds, doubledIds, openIds } }: DrillReport): string {
  const list = (what: string, ids: string[]) =>
    ids.length === 0
      ? []
      : [`- ${what}: ${ids.slice(0, NAMED).map(code).join(', ')}${ids.length > NAMED ? ' …' : ''}`];
  return [...list('Lost', lostIds), ...list('Doubled', doubledIds), ...list('Still open', openIds)].join(
    '\n',
  );
}

function invariants({ invariants: { before, after } }: DrillReport): string {
  if (!after) return `Before the fault: **${before}**. They were not checked at the end.`;
  const rows = after.invariants.map(({ name, sentence, status, reason, violations, violationCount }) => [
    code(name),
    text(sentence),
    status === 'holds' ? 'holds' : `**${status}**`,
    [
      ...(reason === null ? [] : [text(reason)]),
      ...violations.map(({ subject, orderId, detail }) => `${code(orderId ?? subject)}: ${text(detail)}`),
      ...(violationCount > violations.length ? [`and ${violationCount - violations.length} more`] : []),
    ].join('<br>'),
  ]);
  return [
    `Before the fault: **${before}**. At the end: **${after.status}**, by a check of ${after.orders} orders in ${seconds(after.seconds)}.`,
    table(['Invariant', 'It says', 'Status', 'What is wrong'], rows),
  ].join('\n\n');
}

function probes({ probes }: DrillReport): string {
  if (probes.length === 0) return '';
  const rows = probes.map(({ name, samples, failed, unknown, last }) => [
    code(name),
    ...[samples, failed, unknown].map(String),
    text(last),
  ]);
  return table(['Probe', 'Looks', 'Failed', 'Unknown', 'Last'], rows, { figures: true });
}

function timeline({ timeline, injectedAt, startedAt }: DrillReport): string {
  const zero = Date.parse(injectedAt ?? startedAt);
  const rows = timeline.map(({ at, phase, what }) => {
    const offset = (Date.parse(at) - zero) / 1_000;
    return [at.slice(11, 23), `${offset < 0 ? '−' : '+'}${Math.abs(offset).toFixed(1)} s`, phase, text(what)];
  });
  const head = ['UTC', injectedAt ? 'From the fault' : 'From the start', 'Phase', 'What'];
  return rows.length === 0 ? '' : table(head, rows);
}

const howTo = ({ name, id, driver }: DrillReport) =>
  [
    `Where ${code(`k8s/drills/${name}.yaml`)} declares it:`,
    '',
    '```sh',
    `npm run drill ${name}                          # on one machine`,
    `kubectl apply -f k8s/drills/${name}.yaml       # in a cluster`,
    '```',
    '',
    `Run ${code(id)} with the driver ${code(driver)}.`,
  ].join('\n');
