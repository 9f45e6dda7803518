/** Arguments and environment of a program: what every program has in common. */
import { checkText } from './inexpressible';

/** A flag and its value, or nothing for an empty value. */
export const option = (flag: string, value: string): string[] => (value === '' ? [] : [flag, value]);

/**
 * The same for programs that take a value with a dash at its start for another option: it stands in one word with the
 * long name of the flag then.
 */
export const joinedOption = (flag: string, long: string, value: string): string[] =>
  value.startsWith('-') ? [`${long}=${value}`] : option(flag, value);

/** Throws when a word or a variable cannot be given to a program. The system would say so with the value in its message. */
export function checkLaunch(args: readonly string[], env: Readonly<Record<string, string | undefined>>): void {
  for (const word of args) checkText('argument', word, 'a command line');
  for (const [name, value] of Object.entries(env)) checkText(`value of ${name}`, value ?? '', 'an environment');
}
