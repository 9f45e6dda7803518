/** How mongosh is started on a session. */
import type { Launch } from './connect';
import type { HelperSession } from './helper';
import { mongoLoginFile, mongoLoginScript } from './writers/mongo-login';
import { joinedOption } from './writers/words';

interface MongoFlags {
  /** Words of the user for mongosh. */
  words: readonly string[];
  database: string;
  authenticationDatabase: string;
}

/** Where users are when nothing else is said. */
const DEFAULT_AUTHENTICATION_DATABASE = 'admin';

export function mongoArguments(
  session: HelperSession,
  { words, database, authenticationDatabase }: MongoFlags,
): Launch {
  const { proxy, credentials, files, username, warn } = session;
  if (database === '') warn('No -dbname was given; mongosh will use the database test');
  const place = ['--port', String(proxy.port), '--host', proxy.address, ...(database === '' ? [] : [database])];
  const login = credentials.takeUsernamePassword();
  if (login === undefined) {
    const at = joinedOption('--authenticationDatabase', '--authenticationDatabase', authenticationDatabase);
    return { args: [...place, ...joinedOption('-u', '--username', username), ...at] };
  }
  const script = mongoLoginScript(
    files.forChild(mongoLoginFile(login)),
    authenticationDatabase || database || DEFAULT_AUTHENTICATION_DATABASE,
  );
  // The login comes first. What is evaluated ends mongosh, unless the user has nothing for it to do
  // and wants a shell.
  return { args: ['--eval', script, ...(hasWork(words) ? [] : ['--shell']), ...place] };
}

/** Whether the words name something to run: an expression, or a file. */
const hasWork = (words: readonly string[]): boolean =>
  words.some((word) => /^--(eval|file)(=|$)|^-f/.test(word) || /\.(js|mongodb|cjs|mjs)$/.test(word));
