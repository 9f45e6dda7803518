/**
 * The search: an input of the corpus is changed and run; when it takes a branch that no input took
 * before, or one more often by a power of two, it joins the corpus. It ends with the time, or with
 * the first input that breaks an invariant, which is then made as small as it can be.
 */
import type { Instruments } from './instrument';
import { Mutator } from './mutate';
import { Chance, hashOf, type OpenTarget, type Target } from './target';

/** A single run that takes longer has hung, ms. */
const SLOW_MS = 1_000;
const DEFAULT_STEPS = { base: 20_000, perByte: 500 };
const DEFAULT_MAX_LENGTH = 4_096;
/** Twice the length may cost this many times as much. */
const MAX_GROWTH = 10;
/** Less time than this is not compared, ms: on a busy machine it is mostly chance. */
const COMPARED_MS = 500;
const MINIMIZING_RUNS = 400;
const MINIMIZING_MS = 5_000;

export interface Options {
  seed: number;
  /** 0: only the inputs that are there. */
  seconds: number;
  /** Inputs of the corpus folder. */
  corpus: readonly Buffer[];
  /** Told about each input before it runs. */
  watch?: (input: Buffer) => void;
}

export interface Failure {
  input: Buffer;
  /** First line: what kind it is. */
  text: string;
}

export interface Report {
  runs: number;
  corpus: number;
  /** Branches taken, of those there are, and those that only new inputs took. */
  taken: number;
  branches: number;
  fresh: number;
  longestMs: number;
  mostSteps: number;
  failure: Failure | undefined;
  /** The smallest inputs that take all branches beyond those of the target's own seeds. */
  worthKeeping: Buffer[];
}

interface Entry {
  bytes: Buffer;
  /** Branches that no earlier entry took. */
  first: number[];
  isSeed: boolean;
}

interface Measured {
  steps: number;
  ms: number;
  failure: string | undefined;
}

export class Fuzzer {
  private readonly entries: Entry[] = [];
  /** By branch: bits of the powers of two that its counts have reached. */
  private readonly reached: Uint32Array;
  private readonly chance: Chance;
  private readonly costly: { bytes: Buffer; steps: number; ms: number }[] = [];
  private mutator: Mutator | undefined;
  private runs = 0;
  private longestMs = 0;
  private mostSteps = 0;
  private uncaught: { error: unknown } | undefined;
  private tellUncaught: () => void = () => undefined;

  constructor(
    private readonly target: Target,
    private readonly opened: OpenTarget,
    private readonly instruments: Instruments,
    private readonly options: Options,
  ) {
    this.reached = new Uint32Array(instruments.counters.length);
    this.chance = new Chance(options.seed);
  }

  async run(): Promise<Report> {
    const listener = (error: unknown): void => {
      this.uncaught ??= { error };
      this.tellUncaught();
    };
    process.on('uncaughtException', listener).on('unhandledRejection', listener);
    try {
      return await this.search();
    } finally {
      process.off('uncaughtException', listener).off('unhandledRejection', listener);
    }
  }

  private async search(): Promise<Report> {
    const deadline = performance.now() + this.options.seconds * 1_000;
    const seeds = this.target.seeds().map((seed) => Buffer.from(seed));
    let failure: Failure | undefined;
    for (const [index, bytes] of [...seeds, ...this.options.corpus].entries()) {
      failure ??= await this.take(bytes, index < seeds.length);
    }
    const before = this.taken();
    while (failure === undefined && performance.now() < deadline) failure = await this.take(this.next(), false);
    if (this.options.seconds > 0) failure ??= await this.growth();
    return {
      runs: this.runs,
      corpus: this.entries.length,
      taken: this.taken(),
      branches: this.instruments.branches(),
      fresh: this.taken() - before,
      longestMs: this.longestMs,
      mostSteps: this.mostSteps,
      failure: failure && (await this.minimized(failure)),
      worthKeeping: this.worthKeeping(),
    };
  }

  private taken(): number {
    return this.reached.reduce((count, bits) => (bits === 0 ? count : count + 1), 0);
  }

  private next(): Buffer {
    const { chance, target } = this;
    this.mutator ??= new Mutator(chance, this.words(), target.maxLength ?? DEFAULT_MAX_LENGTH);
    const recent = Math.max(1, this.entries.length >> 2);
    const from =
      chance.below(2) === 0 ? this.entries.length - 1 - chance.below(recent) : chance.below(this.entries.length);
    const base = this.entries[from]?.bytes ?? Buffer.alloc(0);
    if (target.mutate !== undefined && chance.below(2) === 0) return target.mutate(base, chance);
    return this.mutator.change(base, chance.pick(this.entries)?.bytes ?? base);
  }

  private words(): Buffer[] {
    return [...(this.target.words ?? []), ...this.instruments.literals].map((word) => Buffer.from(word));
  }

  /** Runs one input and keeps it when it shows something new. */
  private async take(bytes: Buffer, isSeed: boolean): Promise<Failure | undefined> {
    const measured = await this.measure(bytes);
    this.runs++;
    this.mostSteps = Math.max(this.mostSteps, measured.steps);
    this.longestMs = Math.max(this.longestMs, measured.ms);
    if (measured.failure !== undefined) return { input: bytes, text: measured.failure };
    const { first, isNew } = this.news();
    if (isNew || isSeed) this.entries.push({ bytes, first, isSeed });
    this.noteCost(bytes, measured);
    return undefined;
  }

  private news(): { first: number[]; isNew: boolean } {
    const { counters } = this.instruments;
    const first: number[] = [];
    let isNew = false;
    for (let i = this.instruments.branches() - 1; i >= 0; i--) {
      const count = counters[i]!;
      if (count === 0) continue;
      const bit = 1 << (31 - Math.clz32(count));
      if (this.reached[i] === 0) first.push(i);
      if ((this.reached[i]! & bit) !== 0) continue;
      this.reached[i]! |= bit;
      isNew = true;
    }
    return { first, isNew };
  }

  private async measure(bytes: Buffer): Promise<Measured> {
    const measured = await this.once(bytes);
    for (let again = 0; measured.ms > SLOW_MS && again < 2; again++) {
      measured.ms = Math.min(measured.ms, (await this.once(bytes)).ms);
    }
    if (measured.failure !== undefined) return measured;
    const { base, perByte } = this.target.steps ?? DEFAULT_STEPS;
    const most = base + perByte * bytes.length;
    if (measured.ms > SLOW_MS) measured.failure = `slow: ${Math.round(measured.ms)} ms for ${bytes.length} bytes`;
    else if (measured.steps > most)
      measured.failure = `costly: ${measured.steps} branches for ${bytes.length} bytes, more than ${most}`;
    return measured;
  }

  private async once(bytes: Buffer): Promise<Measured> {
    const counters = this.instruments.counters.subarray(0, this.instruments.branches());
    counters.fill(0);
    this.options.watch?.(bytes);
    const started = performance.now();
    let failure: string | undefined;
    try {
      // A target may write into its input.
      const running = this.opened.run(Buffer.from(bytes), new Chance(hashOf(bytes)));
      if (running !== undefined) await Promise.race([running, this.whenUncaught()]);
      if (this.uncaught !== undefined) throw this.uncaught.error;
    } catch (error) {
      failure = error instanceof Error ? (error.stack ?? String(error)) : String(error);
      this.uncaught = undefined;
    }
    const ms = performance.now() - started;
    return { steps: counters.reduce((sum, count) => sum + count, 0), ms, failure };
  }

  private whenUncaught(): Promise<void> {
    return new Promise((resolve) => (this.tellUncaught = resolve));
  }

  private noteCost(bytes: Buffer, { steps, ms }: Measured): void {
    const perByte = (cost: { steps: number; bytes: Buffer }): number => cost.steps / (cost.bytes.length + 16);
    this.costly.push({ bytes, steps, ms });
    if (this.costly.length < 64) return;
    const kept = new Set([...this.costly].sort((a, b) => b.ms - a.ms).slice(0, 4));
    for (const one of [...this.costly].sort((a, b) => perByte(b) - perByte(a)).slice(0, 4)) kept.add(one);
    this.costly.splice(0, this.costly.length, ...kept);
  }

  /** Whether an input of twice the length costs out of proportion more. */
  private async growth(): Promise<Failure | undefined> {
    const { base } = this.target.steps ?? DEFAULT_STEPS;
    for (const { bytes, steps, ms } of [...this.costly]) {
      for (let variant = 0; variant < 8; variant++) {
        const at = variant === 0 ? 0 : this.chance.below(bytes.length);
        const part = bytes.subarray(at, variant === 0 ? bytes.length : at + 1 + this.chance.small(bytes.length - at));
        const times = Math.floor(bytes.length / Math.max(1, part.length));
        const input = Buffer.concat([bytes.subarray(0, at), ...Array<Buffer>(times).fill(part), bytes.subarray(at)]);
        const double = await this.measure(input);
        this.runs++;
        if (double.failure !== undefined) return { input, text: double.failure };
        if (double.steps > MAX_GROWTH * steps + base)
          return { input, text: `growth: ${steps} branches become ${double.steps} at twice the length` };
        if (double.ms > Math.max(COMPARED_MS, MAX_GROWTH * ms)) {
          const again = Math.min((await this.once(input)).ms, (await this.once(input)).ms);
          if (again > Math.max(COMPARED_MS, MAX_GROWTH * ms))
            return { input, text: `growth: ${ms.toFixed(1)} ms become ${again.toFixed(1)} ms at twice the length` };
        }
      }
    }
    return undefined;
  }

  /** Leaves out parts while the failure stays of its kind. */
  private async minimized(failure: Failure): Promise<Failure> {
    const kind = kindOf(failure.text);
    let { input, text } = failure;
    if (/^(slow|costly|growth)/.test(kind)) return failure;
    const deadline = performance.now() + MINIMIZING_MS;
    let runs = 0;
    for (let size = input.length >> 1; size >= 1; size >>= 1) {
      for (let at = 0; at + size <= input.length;) {
        if (runs++ > MINIMIZING_RUNS || performance.now() > deadline) return { input, text };
        const shorter = Buffer.concat([input.subarray(0, at), input.subarray(at + size)]);
        const measured = await this.once(shorter);
        if (measured.failure !== undefined && kindOf(measured.failure) === kind) {
          input = shorter;
          text = measured.failure;
        } else at += size;
      }
    }
    return { input, text };
  }

  private worthKeeping(): Buffer[] {
    return this.entries.filter((entry) => !entry.isSeed && entry.first.length > 0).map((entry) => entry.bytes);
  }
}

/** Two failures with the same text but for its numbers and quotations are one. */
const kindOf = (text: string): string =>
  text
    .split('\n', 1)[0]!
    .replace(/"[^"]*"|\d+/g, '_')
    .slice(0, 80);
