/** How cqlsh is started on a session. */
import type { Launch } from './connect';
import type { HelperSession } from './helper';
import { CQLSH_VARIABLES } from './surroundings';
import { checkCqlshUser, cqlshPasswordFile } from './writers/cqlsh-credentials';
import { joinedOption, option } from './writers/words';

/** Python reads files and arguments in the encoding of the locale; logins are written in UTF-8. */
const UTF8 = { PYTHONUTF8: '1' };

export function cassandraArguments(session: HelperSession, keyspace: string): Launch {
  const { proxy, credentials, files, username, warn } = session;
  if (keyspace === '') warn('No -keyspace was given; cqlsh will start without one');
  const login = credentials.takeUsernamePassword();
  if (login !== undefined) checkCqlshUser(login.username);
  const file = login && files.forChild(cqlshPasswordFile(login.password));
  const isAscii = login === undefined || /^[\x00-\x7f]*$/.test(login.username + login.password);
  return {
    args: [
      ...joinedOption('-u', '--username', login?.username ?? username),
      ...joinedOption('-k', '--keyspace', keyspace),
      ...option('--credentials', file ?? ''),
      ...[proxy.address, String(proxy.port)],
    ],
    env: { ...CQLSH_VARIABLES, ...(isAscii ? {} : UTF8) },
  };
}
