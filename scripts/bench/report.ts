export type Figure = {
  name: string;
  value: number | undefined;
  unit: string;
  /** The bound that must hold, and the goal. */
  must: number | undefined;
  goal: number | undefined;
  /** Whether more or less is better. */
  better: 'more' | 'less';
};

export const holds = ({ value, must, better }: Figure): boolean =>
  must === undefined || value === undefined || (better === 'more' ? value >= must : value <= must);

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
  const rows = [
    ['', 'what', 'measured', 'unit', 'must', 'goal'],
    ...figures.map((figure) => [
      holds(figure) ? '✓' : '✗',
      figure.name,
      show(figure.value),
      figure.unit,
      bound(figure, figure.must),
      bound(figure, figure.goal),
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const numeric = new Set([2, 4, 5]);
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
