/** Logging in, and what becomes of the token. */
import { row } from '../output/table';
import { localTime } from '../output/format';
import { authMethods } from '../resources/auth-methods';
import { withClient } from './api-command';
import { listAll } from './builders';
import type { ApiClient } from './client';
import type { Context } from './command';
import { EXIT, UsageError } from './errors';
import { openKeyring, type StoredToken } from './keyring/keyring';
import { askHidden } from './prompt';
import { secret } from './secrets';
import { tokenName, usesNoKeyring } from './token';

/** Value column of the answer to a login. */
const COLUMN = 19;

const PASSWORD_PREFIX = 'ampw_';

/** `authenticate` without a kind: the primary auth method of the scope tells it. */
export const logInWithPrimary = (context: Context): Promise<number> =>
  withClient(
    context,
    async (client) => {
      const id = await primaryAuthMethod(context, client);
      if (!id.startsWith(PASSWORD_PREFIX))
        throw new UsageError(`The primary auth method ${id} is of a kind that this release cannot log in with`);
      return logIn(context, client, id);
    },
    { anonymous: true },
  );

/** `authenticate password`. */
export const logInWithPassword = (context: Context): Promise<number> =>
  withClient(
    context,
    async (client) => {
      const given = context.values.text('auth-method-id');
      if (given !== '') return logIn(context, client, given);
      const id = await primaryAuthMethod(context, client);
      if (!id.startsWith(PASSWORD_PREFIX))
        throw new UsageError(`The primary auth method ${id} takes no password; name another with -auth-method-id`);
      return logIn(context, client, id);
    },
    { anonymous: true },
  );

async function primaryAuthMethod({ values }: Context, client: ApiClient): Promise<string> {
  const scope = values.text('scope-id');
  const methods = await listAll(client, authMethods, { scope_id: scope });
  const primary = methods.find((method) => method.is_primary === true);
  if (primary === undefined)
    throw new UsageError(`The scope ${scope} has no primary auth method; name one with "password -auth-method-id"`);
  return String(primary.id);
}

async function logIn(context: Context, client: ApiClient, authMethodId: string): Promise<number> {
  const { io, values, printer } = context;
  const loginName = values.text('login-name') || (await askHidden(io, 'login name'));
  const password = await secret(context, 'password', 'password');
  const answer = await client.call({
    service: await authMethods.service(),
    method: 'authenticate',
    request: {
      auth_method_id: authMethodId,
      command: 'login',
      attributes: { login_name: loginName, password },
    },
    action: 'authentication',
    attempt: 'log in',
  });
  if (printer.format === 'json') {
    printer.json({ status_code: 200, item: answer });
    return EXIT.ok;
  }
  const token = answer.attributes as StoredToken;
  showLogin(context, token);
  await keep(context, token);
  return EXIT.ok;
}

function showLogin({ printer }: Context, token: StoredToken): void {
  const lines: [string, unknown][] = [
    ['Account ID', token.account_id],
    ['Auth Method ID', token.auth_method_id],
    ['Expiration Time', localTime(String(token.expiration_time))],
    ['User ID', token.user_id],
  ];
  printer.table(['', 'Authentication information:', ...lines.map(([label, value]) => row(2, label, value, COLUMN))]);
}

// The login has succeeded, so whatever becomes of the token the person gets it, and the status is 0.
async function keep({ io, values, printer }: Context, token: StoredToken): Promise<void> {
  const name = tokenName(values.string('token-name'));
  const type = values.text('keyring-type');
  if (usesNoKeyring(name, type, printer)) {
    printer.warn(
      'No keyring is in use, so the token is printed. Pass it to other commands with -token or SALLYPORT_TOKEN:',
    );
    printer.line(token.token);
    printer.warn('Whoever sees the token can use it.');
    return;
  }
  try {
    const place = await (await openKeyring(type, io.env)).write(name, token);
    printer.line(`\nThe token name "${name}" was stored in the keyring (${place}) and is not displayed here.`);
  } catch (error) {
    printer.error((error as Error).message);
    printer.warn(
      `The token was not stored with -keyring-type ${type}, so here it is for use with -token or SALLYPORT_TOKEN: ${token.token}`,
    );
  }
}
