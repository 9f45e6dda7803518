/**
 * Refuses what a format cannot hold. The message never contains the value, which may be a secret.
 */
import { LocalError } from '../../io/errors';

export class Inexpressible extends LocalError {
  /**
   * `what`: what the value is. `has`: what it contains. `format`: the format that cannot express
   * it.
   */
  constructor(what: string, has: string, format: string) {
    super(
      `The ${what} has ${has}, which ${format} cannot hold; use "connect" alone and give it to the program yourself`,
    );
  }
}

/**
 * Half a surrogate pair has no bytes, so another value would arrive. NUL ends a text in every
 * interface of the system.
 */
export function checkText(what: string, value: string, format: string): void {
  if (value.includes('\0')) throw new Inexpressible(what, 'a NUL character', format);
  if (/\p{Cs}/u.test(value)) throw new Inexpressible(what, 'half a character', format);
}
