/**
 * What the figures of an attack mean: ratios of the honest user's times, the aims, and whether an
 * attack has failed.
 */
import { OPERATIONS, type Finding, type Operation, type Tally } from './attack';
import type { Strain } from './gauges';
import { PHASES, type Phase, type Sample } from './honest';

export const AIM = { stallMs: 50, rssMiB: 250, ratio: 10 };
/** So many times the aim fails an attack. */
const TOLERANCE = 10;
/** A base below this counts as this: what it differs by is the machine's doing. */
const LEAST_BASE_MS = 5;

export interface Times {
  count: number;
  failed: number;
  p50: number;
  p99: number;
}

export type Figures = Record<Phase, Times> & {
  /** During and after, by before: of the medians and of the 99th percentiles. */
  ratios: Record<'during' | 'after', { p50: number; p99: number }>;
};

export interface Observed {
  name: string;
  class: string;
  strain: { controller: Strain; worker: Strain };
  samples: Sample[];
  findings: Finding[];
  tally: Tally;
  /** All of it, with what it needed before and after. */
  seconds: number;
  /** What had to be repaired after it. */
  problem?: string | undefined;
}

export interface Result extends Omit<Observed, 'samples'> {
  operations: Partial<Record<Operation, Figures>>;
  errors: string[];
  /** `failed`: beyond ten times an aim, or something broke. */
  verdict: 'aim met' | 'aim missed' | 'failed';
  reasons: string[];
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? NaN;
}

function timesOf(samples: readonly Sample[]): Times {
  const ms = samples.filter(({ error }) => error === undefined).map((sample) => sample.ms);
  return { count: ms.length, failed: samples.length - ms.length, p50: percentile(ms, 0.5), p99: percentile(ms, 0.99) };
}

function figuresOf(samples: readonly Sample[]): Figures {
  const times = PHASES.map((phase) => [phase, timesOf(samples.filter((sample) => sample.phase === phase))] as const);
  const by = Object.fromEntries(times) as Record<Phase, Times>;
  const ratio = (phase: Phase, key: 'p50' | 'p99'): number => by[phase][key] / Math.max(LEAST_BASE_MS, by.before[key]);
  const ratios = (phase: Phase) => ({ p50: ratio(phase, 'p50'), p99: ratio(phase, 'p99') });
  return { ...by, ratios: { during: ratios('during'), after: ratios('after') } };
}

/** A figure beside its aim. */
interface Measure {
  what: string;
  value: number;
  aim: number;
}

export function judge({ samples, ...observed }: Observed): Result {
  const operations: Partial<Record<Operation, Figures>> = {};
  for (const operation of OPERATIONS) {
    const own = samples.filter((sample) => sample.operation === operation);
    if (own.length > 0) operations[operation] = figuresOf(own);
  }
  const measures = [...strains(observed), ...ratios(operations)];
  const beyond = (times: number) => measures.filter(({ value, aim }) => value > times * aim);
  const broken = brokenThings(observed, operations);
  const text = ({ what, value, aim }: Measure): string => `${what} ${short(value)} (aim ${aim})`;
  const isFailed = broken.length > 0 || beyond(TOLERANCE).length > 0;
  return {
    ...observed,
    operations,
    errors: [
      ...new Set(samples.flatMap(({ operation, error }) => (error === undefined ? [] : [`${operation}: ${error}`]))),
    ],
    verdict: isFailed ? 'failed' : beyond(1).length > 0 ? 'aim missed' : 'aim met',
    reasons: [...broken, ...beyond(isFailed ? TOLERANCE : 1).map(text)],
  };
}

const strains = ({ strain }: Pick<Observed, 'strain'>): Measure[] =>
  (['controller', 'worker'] as const).flatMap((part) => [
    { what: `stall of the ${part}, ms`, value: strain[part].stallMs, aim: AIM.stallMs },
    { what: `memory of the ${part}, MiB`, value: strain[part].rssMiB, aim: AIM.rssMiB },
  ]);

const ratios = (operations: Result['operations']): Measure[] =>
  Object.entries(operations).flatMap(([operation, figures]) =>
    (['during', 'after'] as const).flatMap((phase) =>
      (['p50', 'p99'] as const).map((key) => {
        const what = `${operation} ${phase}, ${key} ratio`;
        return { what, value: figures.ratios[phase][key], aim: AIM.ratio };
      }),
    ),
  );

function brokenThings({ findings, problem }: Omit<Observed, 'samples'>, operations: Result['operations']): string[] {
  const broken = findings.filter(({ isBroken }) => isBroken === true).map(({ note }) => note);
  if (problem !== undefined) broken.push(problem);
  for (const [operation, figures] of Object.entries(operations)) {
    for (const phase of PHASES) {
      const { count, failed } = figures[phase];
      if (failed > 0) broken.push(`${failed} of ${count + failed} ${operation} ${phase} failed`);
    }
  }
  return broken;
}

export const short = (value: number): string =>
  Number.isNaN(value) ? '-' : value >= 10 ? String(Math.round(value)) : value.toFixed(1);
