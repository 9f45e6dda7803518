/**
 * Candidates for the end of a command line. Bash, and zsh in a similar way, run the program itself
 * with the line in COMP_LINE and the position of the cursor in COMP_POINT. Each line of the answer
 * is one candidate.
 */
import { typedWords } from './generic';
import { complete, locate, readLine } from './program';

/** Candidates for the last word of a line; the first word is the program. */
export async function candidates(line: string): Promise<string[]> {
  const words = line.trimStart().split(/\s+/);
  const last = words.pop() ?? '';
  const route = await locate(typedWords(words.slice(1)));
  const { awaiting, words: read } = readLine(route);
  if (read.includes('--') || (awaiting !== undefined && awaiting.choices === undefined)) return [];
  // yargs needs the flag whose values it is to complete, knows only two dashes, and takes a
  // complete flag for given.
  const flag = awaiting === undefined ? [] : [`--${awaiting.name}`];
  const found = complete(route, [...flag, last.startsWith('-') ? '--' : last]);
  const dashes = last.startsWith('--') ? '--' : '-';
  return found.map((word) => word.replace(/^--/, dashes)).filter((word) => word.startsWith(last));
}

/** The line up to the cursor, or undefined when no shell asks. */
export function lineToComplete(env: NodeJS.ProcessEnv): string | undefined {
  if (env.COMP_LINE === undefined) return undefined;
  const point = Number(env.COMP_POINT);
  return Number.isInteger(point) && point >= 0 ? env.COMP_LINE.slice(0, point) : env.COMP_LINE;
}
