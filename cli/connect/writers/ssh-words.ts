/** What ssh is given as arguments and, by sshpass, on its terminal. */
import { checkText, Inexpressible } from './inexpressible';

/**
 * A user name. Configurations may use it in commands (%r), so characters that mean something to a
 * shell are refused, as newer releases of ssh do themselves.
 */
export function sshUser(name: string): string {
  checkText('user name', name, 'a command of ssh');
  const reject = (has: string): never => {
    throw new Inexpressible('user name', has, 'a command of ssh');
  };
  if (name.startsWith('-')) reject('a dash at its start');
  if (/[\x00-\x1f\x7f'"`;&<>|(){}$]/.test(name)) reject('a character that means something to a shell');
  if (/\s-/.test(name)) reject('a dash behind a space');
  return name.endsWith('\\') ? reject('a backslash at its end') : name;
}

/**
 * The value of `-o HostKeyAlias=`: ids only, as the rest of the line is read like a line of the
 * configuration.
 */
export function hostKeyAlias(id: string): string {
  if (!/^[\w.-]+$/.test(id)) throw new Inexpressible('id of the host', 'unusual characters', 'an option of ssh');
  return `HostKeyAlias=${id}`;
}

/**
 * A password that sshpass types: to the terminal, control characters are keys, and a line break is
 * the end of the answer.
 */
export function typedPassword(password: string): string {
  checkText('password', password, 'the terminal of ssh');
  if (/[\x00-\x1f\x7f]/.test(password))
    throw new Inexpressible('password', 'a control character', 'the terminal of ssh');
  return password;
}
