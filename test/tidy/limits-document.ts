/** The text of docs/limits.md: every limit that a module of the product declares. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { allLimits, type Limit } from '../../lib/limits/limit';
import { isTest, read, ROOT, sourceFiles } from './tree';

/**
 * Modules of the product that declare limits, and no others: an entry point would start at loading.
 */
export const declaringFiles = (): string[] =>
  sourceFiles().filter((file) => !isTest(file) && /from '[^']*lib\/limits\/limit'|from '\.\/limit'/.test(read(file)));

/** All limits by name, each once. */
export function declaredLimits(): Limit[] {
  const load = createRequire(__filename);
  for (const file of declaringFiles()) load(join(ROOT, file));
  return [...allLimits()].sort((a, b) => a.name.localeCompare(b.name, 'en'));
}

const INTRODUCTION = `# Limits

Everything that comes from outside has a limit. This page lists all of them. It is generated from
the code (\`npm run generate\`), and a test keeps it current.

A limit with a key is changed in the configuration file, in the \`limits\` block of \`controller\` or
\`worker\`. SIGHUP takes over changed limits of a controller. The other limits are fixed. Request
rates have a configuration of their own, \`controller.api_rate_limit\`.

`;

export function limitsDocument(): string {
  const all = declaredLimits();
  const [configurable, fixed] = [true, false].map((wanted) =>
    all.filter(({ key }) => (key !== undefined) === wanted),
  ) as [Limit[], Limit[]];
  const first = table(
    ['key', 'what', 'default', 'when it is reached', 'test'],
    configurable,
    ({ key }) => `\`${key}\``,
  );
  const second = table(['limit', 'what', 'value', 'when it is reached', 'test'], fixed, ({ name }) => name);
  return `${INTRODUCTION}## Limits that can be configured\n\n${first}\n## Fixed limits\n\n${second}`;
}

function table(heads: string[], limits: Limit[], nameOf: (limit: Limit) => string): string {
  const lines = limits.map((limit) => {
    const file = limit.test.slice(0, limit.test.indexOf(':'));
    return `| ${nameOf(limit)} | ${limit.what} | ${shown(limit)} | ${limit.reached} | [test](../${file}) |\n`;
  });
  return `| ${heads.join(' | ')} |\n|${'---|'.repeat(heads.length)}\n${lines.join('')}`;
}

const UNITS: Record<string, [number, string][]> = {
  bytes: [
    [1 << 30, 'GiB'],
    [1 << 20, 'MiB'],
    [1 << 10, 'KiB'],
  ],
  ms: [
    [86_400_000, 'days'],
    [3_600_000, 'h'],
    [60_000, 'min'],
    [1_000, 's'],
  ],
};

/** `16 KiB`, `10 s`, `1,000 sessions`. */
function shown({ value, unit }: Limit): string {
  const larger = UNITS[unit]?.find(([size]) => value >= size && value % size === 0);
  return larger === undefined ? `${value.toLocaleString('en')} ${unit}` : `${value / larger[0]} ${larger[1]}`;
}
