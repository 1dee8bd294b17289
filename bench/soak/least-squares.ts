/** A least-squares line. */
export interface Line {
  slope: number;
  /** Root mean square of the distances of the points from the line, in y. */
  deviation: number;
}

/** Fits a line to points, of which at least two must differ in x. */
export function leastSquares(points: readonly { x: number; y: number }[]): Line {
  const mean = (value: (point: { x: number; y: number }) => number) =>
    points.reduce((sum, point) => sum + value(point), 0) / points.length;
  const center = { x: mean(({ x }) => x), y: mean(({ y }) => y) };
  const slope = mean(({ x, y }) => (x - center.x) * (y - center.y)) / mean(({ x }) => (x - center.x) ** 2);
  const deviation = Math.sqrt(mean(({ x, y }) => (y - center.y - slope * (x - center.x)) ** 2));
  return { slope, deviation };
}
