/** How ssh and its relatives are started on a session. */
import { isIdOf } from '../../lib/contract/id-prefixes';
import { LocalError } from '../io/errors';
import type { Launch } from './connect';
import { fillTemplates } from './child';
import type { HelperSession } from './helper';
import { sshOptions } from './surroundings';
import { hostKeyAlias, sshUser, typedPassword } from './writers/ssh-words';
import { option } from './writers/words';

/** Programs of the styles. */
export const SSH_STYLES = { ssh: 'ssh', sshpass: 'sshpass', putty: 'putty' };

/** Each connection to this machine may lead to another host. */
const ANY_HOST_KEY = ['-o', 'NoHostAuthenticationForLocalhost=yes'];

/** Workers log in to SSH targets themselves, so only TCP targets have credentials for ssh. */
const isTcp = (targetId: string): boolean => isIdOf(targetId, 'target', 'tcp');

/** Arguments of the program; `words` is what to run over there. */
export function sshLaunch(session: HelperSession, words: readonly string[]): Launch {
  const last = words.map((word) => fillTemplates(word, session.proxy.address, session.proxy.port));
  if (session.style === 'sshpass') return { ...sshpass(session), last };
  const { proxy, style } = session;
  const { user, keyFile } = login(session);
  const rest = [...option('-i', keyFile), ...option('-l', sshUser(user)), proxy.address];
  if (style === 'putty') return { args: ['-P', String(proxy.port), ...rest], last };
  const hostKey = isTcp(proxy.targetId) ? ['-o', hostKeyAlias(proxy.hostId || proxy.targetId)] : ANY_HOST_KEY;
  // Behind the address ssh still takes options, and then a command.
  return { args: ['-p', String(proxy.port), ...hostKey, ...sshOptions(proxy.address), ...rest], last };
}

function login({ proxy, credentials, files, username }: HelperSession): { user: string; keyFile: string } {
  if (!isTcp(proxy.targetId)) return { user: username, keyFile: '' };
  const key = credentials.takeSshPrivateKey();
  if (key !== undefined) {
    const text = key.privateKey.endsWith('\n') ? key.privateKey : `${key.privateKey}\n`;
    return { user: key.username, keyFile: files.forPath(text) };
  }
  // The program asks the person for the password.
  return { user: username || (credentials.typedUsernamePassword()?.username ?? ''), keyFile: '' };
}

function sshpass({ proxy, credentials }: HelperSession): Launch {
  const credential = isTcp(proxy.targetId) ? credentials.takeUsernamePassword() : undefined;
  if (credential === undefined)
    throw new LocalError('-style sshpass needs a TCP target whose sessions bring a user name and a password');
  const options = ['-p', String(proxy.port), ...ANY_HOST_KEY, ...sshOptions(proxy.address)];
  return {
    args: ['-e', 'ssh', ...options, '-l', sshUser(credential.username), proxy.address],
    env: { SSHPASS: typedPassword(credential.password) },
  };
}
