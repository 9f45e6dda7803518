/** Values that stand somewhere else: `env://NAME`, `file://PATH`, `string://TEXT`. */
import { followReference as follow, IndirectError } from '../../lib/config/indirect';
import { UsageError } from '../io/errors';

/** Undefined when the text is no reference. */
export function followReference(text: string, env: NodeJS.ProcessEnv): string | undefined {
  try {
    return follow(text, env);
  } catch (error) {
    if (!(error instanceof IndirectError)) throw error;
    throw new UsageError(error.message.replace(/^t/, 'T'));
  }
}

/** The text itself, or what it refers to. */
export const maybeIndirect = (text: string, env: NodeJS.ProcessEnv): string => followReference(text, env) ?? text;

/**
 * For secrets, which must not be on the command line, where other users of the machine see them.
 */
export function mustBeIndirect(flag: string, text: string, env: NodeJS.ProcessEnv): string {
  const value = followReference(text, env);
  if (value === undefined)
    throw new UsageError(
      `-${flag} must be used with env:// or file://, or left empty for a prompt where there is one: ` +
        'a value on the command line can be seen by other users of this machine',
    );
  return value;
}
