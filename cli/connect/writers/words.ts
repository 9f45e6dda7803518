/** Arguments and environment of a program, with the rules that hold for every program. */
import { checkText, Inexpressible } from './inexpressible';

/** A flag and its value, or nothing for an empty value. */
export const option = (flag: string, value: string): string[] => (value === '' ? [] : [flag, value]);

/**
 * The same, for programs that take a value with a leading dash for another option: such a value is
 * in one word with the long name of the flag.
 */
export const joinedOption = (flag: string, long: string, value: string): string[] =>
  value.startsWith('-') ? [`${long}=${value}`] : option(flag, value);

/**
 * The most bytes of an argument or variable (NAME=value) that Linux gives to a program, without the
 * NUL at its end.
 */
const MAX_WORD_BYTES = 131_071;

/**
 * Throws when a word or a variable cannot be given to a program. The system's own error would
 * contain the value.
 */
export function checkLaunch(args: readonly string[], env: Readonly<Record<string, string | undefined>>): void {
  for (const word of args) checkWord('argument', word, word, 'a command line');
  for (const [name, value = ''] of Object.entries(env))
    checkWord(`value of ${name}`, value, `${name}=${value}`, 'an environment');
}

function checkWord(what: string, value: string, word: string, format: string): void {
  checkText(what, value, format);
  if (Buffer.byteLength(word) > MAX_WORD_BYTES) throw new Inexpressible(what, 'too many bytes', format);
}
