export type Figure = {
  name: string;
  /** Measured: one value, or one of each round. */
  values: number[];
  unit: string;
  /** The bound that must hold, and the goal. */
  must?: number;
  goal?: number;
  /** Whether more or less is better. */
  better: 'more' | 'less';
};

/** The middle of the values, undefined when nothing was measured: a round in a slow minute of the machine moves it little. */
export function median(values: number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}

/** Whether the median is within the bound; what is not measured, or has no bound, holds. */
export function holds({ values, must, better }: Figure): boolean {
  const value = median(values);
  if (must === undefined || value === undefined) return true;
  return better === 'more' ? value >= must : value <= must;
}

const show = (value: number | undefined): string =>
  value === undefined
    ? '–'
    : value >= 100
      ? Math.round(value).toLocaleString('en')
      : value.toPrecision(3).replace(/\.?0+$/, '');

/** The figures as a table for a terminal, a mark before each bound that does not hold. */
export function table(figures: Figure[]): string {
  const sign = (figure: Figure) => (figure.better === 'more' ? '≥' : '≤');
  const bound = (figure: Figure, value: number | undefined) =>
    value === undefined ? '' : `${sign(figure)} ${show(value)}`;
  const range = (values: number[]) =>
    values.length > 1 ? `${show(Math.min(...values))} – ${show(Math.max(...values))}` : '';
  const rows = [
    ['', 'what', 'median', 'of rounds', 'unit', 'must', 'goal'],
    ...figures.map((figure) => [
      holds(figure) ? '✓' : '✗',
      figure.name,
      show(median(figure.values)),
      range(figure.values),
      figure.unit,
      bound(figure, figure.must),
      bound(figure, figure.goal),
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const numeric = new Set([2, 3, 5, 6]);
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          numeric.has(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
