import type { DrillReport } from '@orderflow/contracts/drills';

const COLUMNS = 60;
const LABEL = 14;
const bars = ' ▁▂▃▄▅▆▇█';

/**
 * The drill as a picture of text: when each phase lasted, when the fault was, and how many orders came to their end,
 * all over one axis of time.
 */
export function picture({ timeline, startedAt, endedAt, injectedAt, pace }: DrillReport): string {
  const from = Math.min(Date.parse(startedAt), ...timeline.map(({ at }) => Date.parse(at)));
  const to = Math.max(Date.parse(endedAt), from + 1);
  const edgeOf = (at: number) => Math.max(0, Math.floor(((at - from) / (to - from)) * COLUMNS));
  const columnOf = (at: number) => Math.min(COLUMNS - 1, edgeOf(at));
  const line = (label: string, cells: string, note = '') =>
    `${label.padEnd(LABEL)}${cells.padEnd(COLUMNS)}${note && `  ${note}`}`.trimEnd();

  const lines = spans(timeline, to).map(({ phase, begin, end }) => {
    const first = columnOf(begin);
    const length = Math.max(1, Math.min(COLUMNS, edgeOf(end)) - first);
    return line(phase, ' '.repeat(first) + '█'.repeat(length), `${((end - begin) / 1_000).toFixed(1)} s`);
  });
  if (injectedAt) lines.push(line('fault', `${' '.repeat(columnOf(Date.parse(injectedAt)))}▲`));
  if (pace) {
    const cells = resample(pace, (column) => from + ((column + 0.5) / COLUMNS) * (to - from));
    const most = Math.max(...pace.ended);
    const note = `at most ${(most / pace.sliceSeconds).toFixed(1)} a second`;
    lines.push(line('orders ended', sparkline(cells, most), note));
  }
  return lines.join('\n');
}

/** Each phase that lasted, from its first moment to the next one's. Verdicts are moments. */
function spans(timeline: DrillReport['timeline'], to: number) {
  const entries = timeline.filter(({ phase }, i) => phase !== timeline[i - 1]?.phase);
  return entries
    .map(({ phase, at }, i) => {
      const next = entries[i + 1];
      return { phase, begin: Date.parse(at), end: next ? Date.parse(next.at) : to };
    })
    .filter(({ begin, end }, i) => i < entries.length - 1 && end > begin);
}

function resample(
  { from, sliceSeconds, ended }: NonNullable<DrillReport['pace']>,
  at: (column: number) => number,
) {
  return Array.from({ length: COLUMNS }, (_, column) => {
    const slice = Math.floor((at(column) - Date.parse(from)) / 1_000 / sliceSeconds);
    return ended[slice] ?? 0;
  });
}

/** One character for each value; any value above nothing is to be seen. */
export const sparkline = (values: number[], most: number): string =>
  values.map((value) => bars[value === 0 ? 0 : Math.max(1, Math.round((value / most) * 8))]).join('');
