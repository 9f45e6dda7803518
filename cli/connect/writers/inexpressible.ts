/**
 * What a format cannot hold is refused; the value itself, which may be a secret, is never part of
 * the message.
 */
import { LocalError } from '../../core/errors';

export class Inexpressible extends LocalError {
  /** `what` the value is, `has` what, and which `format` has no way to say that. */
  constructor(what: string, has: string, format: string) {
    super(
      `The ${what} has ${has}, which ${format} cannot hold; use "connect" alone and give it to the program yourself`,
    );
  }
}

/**
 * Half characters have no bytes: what arrived would be another value. NUL ends a text in every
 * interface of the system.
 */
export function checkText(what: string, value: string, format: string): void {
  if (value.includes('\0')) throw new Inexpressible(what, 'a NUL character', format);
  if (/\p{Cs}/u.test(value)) throw new Inexpressible(what, 'half a character', format);
}
