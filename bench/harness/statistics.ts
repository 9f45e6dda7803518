/** What is said of repeated measurements. */

/** Of an odd number of samples the one in the middle. */
export const median = (samples: readonly number[]): number => percentile(samples, 0.5);

export const percentile = (samples: readonly number[], share: number): number =>
  [...samples].sort((a, b) => a - b)[Math.min(samples.length - 1, Math.floor(samples.length * share))]!;

/** Median with the least and the greatest beside it. */
export function spread(samples: readonly number[], digits = 2): string {
  const [least, most] = [Math.min(...samples), Math.max(...samples)];
  return `${median(samples).toFixed(digits)} (${least.toFixed(digits)}-${most.toFixed(digits)})`;
}
