/** Logging in, by the kind of the auth method. */
import { subtypeOf } from '../../lib/contract/id-prefixes';
import { authMethods } from '../resources/auth-methods';
import { withClient } from '../core/api-command';
import { listAll } from '../core/builders';
import type { ApiClient } from '../core/client';
import type { Args } from '../core/command';
import { UsageError } from '../io/errors';
import type { ApiContext } from '../core/flags';
import type { LOGIN_METHOD, LOGIN_SCOPE, PASSWORD_FLAGS } from './login-flags';
import { logInWithProvider } from './login-oidc';
import { finishLogin } from './login-result';
import { ask, askHidden } from '../io/prompt';
import { secret } from '../core/secrets';

type LoginContext = ApiContext<typeof LOGIN_SCOPE> & {
  args: Partial<Args<typeof LOGIN_METHOD | (typeof PASSWORD_FLAGS)[number]>>;
};

export type LoginKind = NonNullable<ReturnType<typeof kindOf>>;

/** The id tells the kind. */
const kindOf = (authMethodId: string) => subtypeOf(authMethodId, 'auth-method');

/** `authenticate` without a kind: the primary auth method of the scope decides. */
export const logInWithPrimary = (context: LoginContext): Promise<number> =>
  anonymously(context, async (client) => {
    const id = await primaryAuthMethod(context, client);
    const kind = kindOf(id);
    if (kind === undefined)
      throw new UsageError(`The primary auth method ${id} is of a kind that this release cannot log in with`);
    return logIn(context, client, kind, id);
  });

/** `authenticate password`, `ldap` and `oidc`. */
export async function logInWith(context: LoginContext, kind: LoginKind): Promise<number> {
  // Asked before anything is sent.
  const loginName = kind === 'ldap' ? await loginNameOf(context, kind) : undefined;
  return anonymously(context, async (client) => {
    const id = context.args['auth-method-id'] || (await primaryOfKind(context, client, kind));
    return logIn(context, client, kind, id, loginName);
  });
}

const anonymously = (context: LoginContext, work: (client: ApiClient) => Promise<number>): Promise<number> =>
  withClient(context, work, { anonymous: true });

async function primaryOfKind(context: LoginContext, client: ApiClient, kind: LoginKind): Promise<string> {
  const id = await primaryAuthMethod(context, client);
  if (kindOf(id) === kind) return id;
  throw new UsageError(`The primary auth method ${id} is none of kind ${kind}; name another with -auth-method-id`);
}

async function primaryAuthMethod({ args }: LoginContext, client: ApiClient): Promise<string> {
  const scope = args['scope-id'];
  const methods = await listAll(client, authMethods, { scope_id: scope });
  const primary = methods.find((method) => method.is_primary === true);
  if (primary === undefined)
    throw new UsageError(`The scope ${scope} has no primary auth method; name one with "password -auth-method-id"`);
  return String(primary.id);
}

async function logIn(
  context: LoginContext,
  client: ApiClient,
  kind: LoginKind,
  authMethodId: string,
  loginName?: string,
): Promise<number> {
  if (kind === 'oidc') return logInWithProvider(context, client, authMethodId);
  const name = loginName ?? (await loginNameOf(context, kind));
  const password = await secret(context, 'password', 'password');
  const answer = await client.call({
    service: await authMethods.service(),
    method: 'authenticate',
    request: {
      auth_method_id: authMethodId,
      command: 'login',
      attributes: { login_name: name, password },
    },
    action: 'authentication',
    isSecret: true,
    attempt: 'log in',
  });
  return finishLogin(context, answer);
}

const loginNameOf = async ({ io, args }: LoginContext, kind: LoginKind): Promise<string> =>
  args['login-name'] || (await (kind === 'ldap' ? ask : askHidden)(io, 'login name'));
