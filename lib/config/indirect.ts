/**
 * References to values: `env://NAME`, `file://PATH`, and `string://TEXT` for the text itself. They
 * mean the same wherever they are written. One final line end is dropped and nothing else. A
 * reference to what is missing or empty is an error that names it.
 */
import { readFileSync } from 'node:fs';
import { referencedVariable } from './variables';

/** Nothing is where the reference points to. */
export class IndirectError extends Error {
  constructor(
    message: string,
    /**
     * Whether the reference leads to nothing: a variable that is not set or is empty, or an empty
     * file. Otherwise the value cannot be read.
     */
    readonly isEmpty: boolean,
  ) {
    super(message);
    this.name = 'IndirectError';
  }
}

/** The value that the text refers to; undefined when the text is no reference. */
export function followReference(text: string, env: NodeJS.ProcessEnv): string | undefined {
  const match = /^\s*(env|file|string):\/\/([^]*)$/.exec(text);
  if (match === null) return undefined;
  const [, form, rest] = match as unknown as [string, 'env' | 'file' | 'string', string];
  if (form === 'string') return rest;
  const name = rest.trimEnd();
  const found = form === 'env' ? referencedVariable(env, name) : readText(name);
  const what = form === 'env' ? `the variable ${name}` : `the file ${name}`;
  if (found === undefined) throw new IndirectError(`${what} is not set`, true);
  const value = found.replace(/\r?\n$/, '');
  if (value === '') throw new IndirectError(`${what} is empty`, true);
  return value;
}

/** The text itself, or what it refers to. */
export const resolveIndirect = (text: string, env: NodeJS.ProcessEnv): string => followReference(text, env) ?? text;

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new IndirectError(`the file ${path} cannot be read: ${code}`, false);
  }
}
