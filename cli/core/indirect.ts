/** Values that stand somewhere else: `env://NAME`, `file://PATH`, `string://TEXT`. */
import { readFileSync } from 'node:fs';
import { referencedVariable } from '../../lib/config/variables';
import { UsageError } from './errors';

/** Undefined when the text is no reference. White space around the value found is cut. An unset variable is empty. */
export function followReference(text: string, env: NodeJS.ProcessEnv): string | undefined {
  if (text.startsWith('env://')) return referencedVariable(env, text.slice(6));
  if (text.startsWith('string://')) return text.slice(9);
  if (!text.startsWith('file://')) return undefined;
  const path = text.slice(7);
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new UsageError(`Could not read ${path}: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}`);
  }
}

/** The text itself, or what it refers to. */
export const maybeIndirect = (text: string, env: NodeJS.ProcessEnv): string => followReference(text, env) ?? text;

/** For secrets, which must not stand on the command line where other users of the machine see them. */
export function mustBeIndirect(flag: string, text: string, env: NodeJS.ProcessEnv): string {
  const value = followReference(text, env);
  if (value === undefined)
    throw new UsageError(
      `-${flag} must be used with env:// or file://, or left empty for a prompt where there is one: ` +
        'a value on the command line can be seen by other users of this machine',
    );
  return value;
}
