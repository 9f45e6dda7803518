/** Lives many seeds, several worlds at once, each in a database of its own. */
import type { Fixture } from './fixture';
import { World, type Outcome } from './world';

export interface Tally {
  failed: number[];
  seeds: number;
  events: number;
  virtualMs: number;
  connections: number;
}

/** Lines of the trace in a report. */
const REPORTED_LINES = 120;

export interface SimulateOptions {
  ended?: (outcome: Outcome) => void;
  everyStatement?: boolean;
  /** Ends with the first failure. */
  bail?: boolean;
}

export async function simulate(
  fixtures: readonly Fixture[],
  seeds: readonly number[],
  { ended = () => undefined, everyStatement = false, bail = false }: SimulateOptions = {},
): Promise<Tally> {
  const tally: Tally = { failed: [], seeds: 0, events: 0, virtualMs: 0, connections: 0 };
  const left = [...seeds];
  const live = async (fixture: Fixture): Promise<void> => {
    for (let seed = left.shift(); seed !== undefined; seed = left.shift()) {
      const outcome = await new World(seed, fixture, everyStatement).live();
      tally.seeds++;
      tally.events += outcome.events;
      tally.virtualMs += outcome.virtualMs;
      tally.connections += outcome.connections;
      if (outcome.violations.length > 0) {
        tally.failed.push(seed);
        if (bail) left.length = 0;
      }
      ended(outcome);
    }
  };
  await Promise.all(fixtures.map(live));
  return tally;
}

/** What a person needs to find the reason of a failure. */
export const report = ({ seed, violations, trace }: Outcome): string =>
  [
    `seed ${seed} fails:`,
    ...violations.map((violation) => `  ${violation}`),
    'its last events:',
    ...trace.slice(-REPORTED_LINES).map((line) => `  ${line}`),
    `again: npm run sim -- --seed ${seed}`,
  ].join('\n');

export function summary(tallies: readonly Tally[], ms: number): { text: string; failed: number[] } {
  const sum = (of: (tally: Tally) => number): number => tallies.reduce((total, tally) => total + of(tally), 0);
  const failed = tallies.flatMap((tally) => tally.failed).sort((a, b) => a - b);
  const seeds = sum((tally) => tally.seeds);
  const text = [
    `${seeds} seeds, ${sum((t) => t.connections)} connections, ${sum((t) => t.events)} events,`,
    `${Math.round(sum((t) => t.virtualMs) / 1_000)} s of virtual time in ${(ms / 1_000).toFixed(1)} s`,
    `(${((seeds * 1_000) / ms).toFixed(1)} seeds/s): ${failed.length === 0 ? 'no rule was broken' : `broken by ${failed.length}: ${failed.join(' ')}`}`,
  ].join(' ');
  return { text, failed };
}
