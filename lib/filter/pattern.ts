/**
 * Regular expressions of users: they have RE2's syntax, and re2js matches them in time linear in
 * the subject. The engine limits neither the cost of compiling nor that of one match, so both are
 * limited and charged here beforehand.
 */
import { createRequire } from 'node:module';
import type { RE2JS } from 're2js';
import { limit } from '../limits/limit';
import { extentOf, type PatternExtent } from './pattern-extent';

const LENGTH = limit('characters of a regular expression', 512, {
  what: 'characters of a regular expression in a filter',
  unit: 'characters',
  reached: '400, or the error of what holds the filter',
  test: 'lib/filter/pattern.test.ts: is refused before it is compiled',
});

const REPEATS = limit('repetitions of a regular expression', 2_000, {
  what: 'counts in braces of a regular expression, those of a repeated group once for each repetition',
  unit: 'repetitions',
  reached: 'the comparison matches nothing, like one with a broken expression',
  test: 'lib/filter/pattern.test.ts: is refused before it is compiled',
});

/** 10 ms to 30 ms. */
const COMPILING = limit('work of compiling a regular expression', 2_000_000, {
  what: 'work of compiling one regular expression, estimated from its text',
  unit: 'steps',
  reached: '400, or the error of what holds the filter',
  test: 'lib/filter/pattern.test.ts: is refused before it is compiled',
});

/**
 * 10 ms to 30 ms where every character leads to a new state of the automaton, 1 ms where none does.
 */
const MATCHING = limit('work of one match', 200_000, {
  what: 'size of a regular expression (instructions and large classes) times characters of the text it is matched with',
  unit: 'instructions',
  reached: 'the comparison matches nothing; the remedy is a simpler expression',
  test: 'lib/filter/pattern.test.ts: a match that would take too long is refused before it begins',
});

/** Measured costs, in steps of the order of 10 ns: `bench/regex.ts`. */
const STEPS = { instruction: 200, range: 2, parsedRange: 40, folded: 6, matched: 8 } as const;
/**
 * Each new state of the automaton has a place for every class of characters, so this many ranges
 * weigh as much as one instruction.
 */
const RANGES_PER_INSTRUCTION = 8;
/** Memory of a compiled program. */
const BYTES = { instruction: 200, range: 8 } as const;

/** The expression is broken, or would cost too much to compile or to match with this text. */
export class PatternRefused extends Error {
  override readonly name = 'PatternRefused';
}

/** A compiled regular expression. */
export interface Pattern {
  /**
   * Whether it matches anywhere in the subject. Calls `charge` with the steps first; throws
   * {@link PatternRefused}.
   */
  test(subject: string, charge: (steps: number) => void): boolean;
  /** Memory that the pattern holds, bytes. What it learns from subjects is added as it grows. */
  bytes(): number;
}

/**
 * Why the text of the expression alone excludes it from use; undefined when it does not. Broken
 * expressions pass: they match nothing, as clients know it. So do expressions with too many
 * repetitions.
 */
export function tooLarge(source: string): string | undefined {
  if (source.length > LENGTH) return `longer than ${LENGTH} characters`;
  const extent = extentOf(source);
  if (extent.repeats > REPEATS || compilingSteps(extent) <= COMPILING) return undefined;
  return 'too large, by its repetitions and classes';
}

/** Compiles the expression. Calls `charge` with the steps first. Throws {@link PatternRefused}. */
export function compilePattern(source: string, charge: (steps: number) => void): Pattern {
  if (source.length > LENGTH) throw new PatternRefused(`longer than ${LENGTH} characters`);
  const extent = extentOf(source);
  if (extent.repeats > REPEATS) throw new PatternRefused(`more than ${REPEATS} repetitions`);
  const cost = compilingSteps(extent);
  if (cost > COMPILING) throw new PatternRefused('expression is too large');
  charge(cost);
  const compiled = compile(source);
  const width = compiled.programSize() + Math.ceil(extent.parsedRanges / RANGES_PER_INSTRUCTION);
  const programBytes = extent.instructions * BYTES.instruction + extent.ranges * BYTES.range;
  return {
    test(subject, chargeMatch) {
      const work = width * (subject.length + 1);
      if (work > MATCHING) throw new PatternRefused('text is too long for this expression');
      chargeMatch(work * STEPS.matched);
      return compiled.test(subject);
    },
    bytes: () => programBytes + learnedBytes(compiled),
  };
}

function compilingSteps({ instructions, ranges, parsedRanges, folded }: PatternExtent): number {
  return (
    instructions * STEPS.instruction + ranges * STEPS.range + parsedRanges * STEPS.parsedRange + folded * STEPS.folded
  );
}

function compile(source: string): RE2JS {
  try {
    return engine().compile(source);
  } catch (error) {
    throw new PatternRefused((error as Error).message, { cause: error });
  }
}

/**
 * Bytes of the states that the engine keeps to match the next subject faster, up to 8 MiB. The
 * engine counts them itself.
 */
function learnedBytes(compiled: RE2JS): number {
  const { lazyDFA: automaton } = compiled.re2() as { lazyDFA: { stateBudget: number; memBudget: number } | null };
  return automaton === null ? 0 : automaton.stateBudget - automaton.memBudget;
}

let loaded: typeof RE2JS | undefined;

/** Loaded at first use: most processes never see a regular expression of a user. */
function engine(): typeof RE2JS {
  loaded ??= (createRequire(__filename)('re2js') as typeof import('re2js')).RE2JS;
  return loaded;
}
