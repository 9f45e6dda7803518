/**
 * The regular expressions of one filter. They are compiled at first use, and dropped when they hold
 * much memory.
 */
import { limit } from '../limits/limit';
import type { Work } from '../limits/work';
import { compilePattern, PatternRefused, type Pattern } from './pattern';

const MEMORY = limit('memory of the regular expressions of a filter', 4 << 20, {
  what: 'memory that the compiled regular expressions of one filter keep from one item to the next',
  unit: 'bytes',
  reached: 'they are given up, and compiled again for the next item',
  test: 'lib/filter/filter.test.ts: what regular expressions hold is given up',
});

export class Patterns {
  /** Undefined: not compiled. */
  private readonly patterns = new Map<string, Pattern | 'refused' | undefined>();
  private waiting = 0;

  add(source: string): void {
    if (this.patterns.has(source)) return;
    this.patterns.set(source, undefined);
    this.waiting++;
  }

  /** Compiles what is not compiled, one after the other, with pauses. */
  async prepare(work: Work): Promise<void> {
    if (this.waiting === 0) return;
    for (const [source, pattern] of this.patterns) {
      if (pattern !== undefined) continue;
      this.compile(source, (steps) => work.charge(steps));
      await work.breathe();
    }
  }

  /** Undefined where the expression is broken, or would cost too much. */
  test(source: string, subject: string, charge: (steps: number) => void): boolean | undefined {
    const pattern = this.patterns.get(source) ?? this.compile(source, charge);
    if (pattern === 'refused') return undefined;
    try {
      return pattern.test(subject, charge);
    } catch (error) {
      if (error instanceof PatternRefused) return undefined;
      throw error;
    }
  }

  /** After an evaluation. */
  trim(): void {
    let held = 0;
    for (const pattern of this.patterns.values()) {
      if (pattern !== undefined && pattern !== 'refused') held += pattern.bytes();
    }
    if (held <= MEMORY) return;
    for (const source of this.patterns.keys()) this.patterns.set(source, undefined);
    this.waiting = this.patterns.size;
  }

  private compile(source: string, charge: (steps: number) => void): Pattern | 'refused' {
    const compiled = this.attempt(source, charge);
    this.patterns.set(source, compiled);
    this.waiting--;
    return compiled;
  }

  private attempt(source: string, charge: (steps: number) => void): Pattern | 'refused' {
    try {
      return compilePattern(source, charge);
    } catch (error) {
      if (error instanceof PatternRefused) return 'refused';
      throw error;
    }
  }
}
