/**
 * Prints the figures of a suite in one line: `figures | fuzz | operations 20000 | slowest ms 212`.
 * @param figures in the order in which they are printed; a name contains its unit.
 */
export function printFigures(suite: string, figures: Readonly<Record<string, number | string>>): void {
  const parts = Object.entries(figures).map(([name, figure]) => `${name} ${figure}`);
  process.stdout.write(`figures | ${[suite, ...parts].join(' | ')}\n`);
}
