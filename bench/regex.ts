/**
 * What one match and one compilation of a regular expression cost at their limits, in CPU time and
 * per step: the figures behind the numbers in lib/filter/pattern.ts.
 * `node -r esbuild-register bench/regex.ts`
 */
import { performance } from 'node:perf_hooks';
import { compilePattern, PatternRefused, type Pattern } from '../lib/filter/pattern';

const LENGTH = 8_192;
const ROUNDS = 10;

let state = 1;
const random = (below: number): number => (state = (state * 16_807) % 2_147_483_647) % below;
const textOf = (characters: string, length: number): string =>
  Array.from({ length }, () => characters[random(characters.length)]).join('');

/** Expressions that keep many states alive, by what their subject is made of. */
const EXPRESSIONS: [pattern: string, characters: string][] = [
  ['\\pL{1000}', 'abcdefghij'],
  ['\\pL{1000}[!?]', 'abcdefghij'],
  ['\\pL\\PN{30}[!?]', 'a -\n'],
  ['\\pL\\PN{200}[!?]', 'a -\n'],
  ['(?i)\\pL{300}[!?]', 'ab'],
  ['a[^!\\pN]{60}[!?]', 'ab'],
  ['(?:.?.?.?){100}a.{200}[!?]', 'ab'],
  ['(\\pL\\b?){60}[!?]', 'ab'],
  ['(a|b)*a(a|b){300}[!?]', 'ab'],
  ['\\w.{30}[!?]', 'a -\n'],
  ['x{1000}y{1000}', 'xy'],
  ['^\\pL{900}$', 'ab'],
];

interface Cost {
  cpuMs: number;
  wallMs: number;
  steps: number;
}

function measured<T>(work: (charge: (steps: number) => void) => T): { cost: Cost; result: T } {
  let steps = 0;
  const [cpu, wall] = [process.cpuUsage(), performance.now()];
  const result = work((more) => (steps += more));
  const { user, system } = process.cpuUsage(cpu);
  return { result, cost: { cpuMs: (user + system) / 1_000, wallMs: performance.now() - wall, steps } };
}

/** The longest subject that is not refused. */
function longest(pattern: Pattern, characters: string): string {
  let [low, high] = [0, LENGTH];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (accepts(pattern, middle)) low = middle;
    else high = middle - 1;
  }
  return textOf(characters, low);
}

const STOP = new Error('enough is known');

function accepts(pattern: Pattern, length: number): boolean {
  try {
    pattern.test('x'.repeat(length), () => {
      throw STOP;
    });
  } catch (error) {
    if (error === STOP) return true;
    if (error instanceof PatternRefused) return false;
    throw error;
  }
  return true;
}

const mean = (costs: Cost[], of: keyof Cost): number => costs.reduce((sum, cost) => sum + cost[of], 0) / costs.length;

function line(costs: Cost[]): string {
  const nanoseconds = (mean(costs, 'cpuMs') * 1e6) / mean(costs, 'steps');
  const largest = Math.max(...costs.map(({ wallMs }) => wallMs));
  return `cpu ${mean(costs, 'cpuMs').toFixed(1)} ms, wall at most ${largest.toFixed(1)} ms, ${nanoseconds.toFixed(1)} ns a step`;
}

for (const [source, characters] of EXPRESSIONS) {
  const compilations = Array.from({ length: ROUNDS }, () => measured((charge) => compilePattern(source, charge)));
  const length = longest(compilations[0]!.result, characters).length;
  const matches = compilations.map(({ result }) => {
    const subject = textOf(characters, length);
    return measured((charge) => result.test(subject, charge)).cost;
  });
  process.stdout.write(`${source}, ${length} of ${LENGTH} characters\n`);
  process.stdout.write(`  compile: ${line(compilations.map(({ cost }) => cost))}\n  match:   ${line(matches)}\n`);
}
