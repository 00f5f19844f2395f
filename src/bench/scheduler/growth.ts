// How cost grows with size: the exponent of the power law that fits best (least squares on logarithms).

export type Sample = { readonly size: number; readonly cost: number };

/** 1 for linear growth, 2 for quadratic; undefined with fewer than two different sizes. */
export function growthExponent(samples: readonly Sample[]): number | undefined {
  const points = samples.map(({ size, cost }) => ({ x: Math.log(size), y: Math.log(cost) }));
  const mean = (of: (point: { x: number; y: number }) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [meanX, meanY] = [mean(({ x }) => x), mean(({ y }) => y)];
  const spread = mean(({ x }) => (x - meanX) ** 2);
  return points.length < 2 || spread === 0 ? undefined : mean(({ x, y }) => (x - meanX) * (y - meanY)) / spread;
}
