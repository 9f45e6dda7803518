/** Credentials files of cqlsh, which Python's configparser reads. */
import { checkText, Inexpressible } from './inexpressible';

const FORMAT = 'a credentials file of cqlsh';

/** White space of Python and of JavaScript; at the ends of a value it is cut. */
const SPACE_AT_AN_END = /^[\s\x1c-\x1f\x85]|[\s\x1c-\x1f\x85]$/;

/**
 * A file that gives only the password. The first section takes precedence over a password in the
 * user's own cqlshrc. Programs that know the second section read that one too.
 */
export function cqlshPasswordFile(password: string): string {
  checkText('password', password, FORMAT);
  if (/[\r\n]/.test(password)) throw new Inexpressible('password', 'a line break', FORMAT);
  if (SPACE_AT_AN_END.test(password)) throw new Inexpressible('password', 'white space at an end', FORMAT);
  return ['plain_text_auth', 'PlainTextAuthProvider'].map((name) => `[${name}]\npassword = ${password}\n`).join('');
}

/** The user name is an argument. Python's argparse drops this name in every form. */
export function checkCqlshUser(username: string): void {
  if (username === '--') throw new Inexpressible('user name', 'two dashes alone', 'an option of cqlsh');
}
