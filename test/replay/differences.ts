/**
 * What recordings of Boundary's answers are held against: the steps that are answered differently
 * on purpose. Their list is the table at the top of docs/compatibility.md and nowhere else.
 */

/** `http` for answers of the API, `cli` for command lines. */
export type Front = 'http' | 'cli';

/** One step of a recording, as the replayers report it. */
export interface Step {
  scenario: string;
  step: string;
  ok: boolean;
  fails: string[];
}

/** A row of the table: `| http | scenario/step | ...`. */
const ROW = /^\| (http|cli) \| ([^|/]+\/[^|]+) \|/gm;

/** Steps that differ on purpose, `scenario/step`. Throws when a step stands there twice. */
export function listedDifferences(markdown: string): Record<Front, Set<string>> {
  const listed = { http: new Set<string>(), cli: new Set<string>() };
  for (const [, front, step] of markdown.matchAll(ROW)) {
    const steps = listed[front as Front];
    if (steps.has(step!)) throw new Error(`${front} ${step} is listed twice`);
    steps.add(step!);
  }
  return listed;
}

/**
 * What is wrong with a run, one text for each step: it differs and is not listed, or it is listed
 * and does not differ.
 */
export function problems(steps: readonly Step[], listed: ReadonlySet<string>): string[] {
  return steps.flatMap(({ scenario, step, ok, fails }) => {
    const name = `${scenario}/${step}`;
    if (ok !== listed.has(name)) return [];
    return [ok ? `${name}: is listed as a difference and passes` : [`${name}:`, ...fails].join('\n  ')];
  });
}
