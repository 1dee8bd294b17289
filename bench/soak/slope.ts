/** A straight line through points. */
export interface Line {
  /** By how much y grows where x grows by 1. */
  slope: number;
  /** How far the points lie from the line: the root of the mean square. */
  deviation: number;
}

/** The line to which points, at two places at least, have the least squares of distance in y. */
export function leastSquares(points: readonly { x: number; y: number }[]): Line {
  const mean = (value: (point: { x: number; y: number }) => number) =>
    points.reduce((sum, point) => sum + value(point), 0) / points.length;
  const middle = { x: mean(({ x }) => x), y: mean(({ y }) => y) };
  const slope = mean(({ x, y }) => (x - middle.x) * (y - middle.y)) / mean(({ x }) => (x - middle.x) ** 2);
  const deviation = Math.sqrt(mean(({ x, y }) => (y - middle.y - slope * (x - middle.x)) ** 2));
  return { slope, deviation };
}
