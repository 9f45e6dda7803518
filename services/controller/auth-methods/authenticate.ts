/**
 * Logging in with a password. Wrong, unknown and disabled logins get the same answer after the same
 * work. This release stores OIDC and LDAP auth methods but does not log in through them.
 */
import { newIdOf } from '../../../lib/contract/id-prefixes';
import { ApiError } from '../../../lib/errors/errors';
import { limit } from '../../../lib/limits/limit';
import type { AuthenticateRequest } from '../../../proto/gen/api/auth_methods';
import { findToken } from '../auth-tokens/auth-tokens.store';
import { issueToken } from '../auth-tokens/tokens';
import type { Allowed } from '../authz/authz';
import { badLogin, existing, notFound } from '../authz/refusal';
import type { ControllerDeps } from '../context';
import { transaction, type Tx } from '../db/db';
import { readAttributes } from '../resources/attributes';
import { FieldErrors } from '../resources/fields';
import type { Op } from '../rpc/service';
import { authMethodResource, typeOfMethodId, type MethodType } from './auth-methods';
import * as store from './auth-methods.store';
import type { LoginNetworks } from './login-networks';
import { MAX_PASSWORD_BYTES } from './password-hash';
import type { PasswordQueue } from './passwords';

const CREDENTIALS = { login_name: 'text', password: 'text' } as const;
type Credentials = Record<keyof typeof CREDENTIALS, string>;

const INVALID = 'Invalid fields provided in request.';

export interface LoginDeps extends ControllerDeps {
  passwords: PasswordQueue;
  networks: LoginNetworks;
}

/** The answer's attributes are the token with its text. */
export async function authenticate(deps: LoginDeps, op: Op, request: AuthenticateRequest) {
  const leave = deps.passwords.admit(op.clientAddress);
  try {
    return await logIn(deps, op, request);
  } finally {
    leave();
  }
}

async function logIn(deps: LoginDeps, op: Op, request: AuthenticateRequest) {
  const credentials = checkRequest(request);
  const method = existing(await store.findAuthMethod(deps.db.executor, request.auth_method_id));
  const allowed = await deps.authz.check(op, 'authenticate', authMethodResource(method));
  if (method.oidc?.state === 'inactive') throw inactive(request.command);
  if (credentials === undefined || method.type !== 'password') throw notAvailable(method.type);
  const verified = await verify(deps, op, method.id, credentials);
  const accountId = verified.id;
  const now = deps.clock.now();
  const made = await transaction(deps.db, now, async (tx) => {
    const login = { ...(await userOf(tx, allowed, verified, now)), auth_method_id: method.id, account_id: accountId };
    await deps.networks.note(tx, accountId, op.clientAddress, now);
    return { ...(await issueToken(deps, tx, login, now)), userId: login.user_id };
  });
  deps.known?.note(made.text, made.userId);
  const token = existing(await findToken(deps.db.executor, made.id));
  const { id, type, parent_scope_id } = token.scope;
  return {
    type: request.type || request.token_type,
    command: 'login',
    attributes: {
      id: token.id,
      scope: { id, type, ...(parent_scope_id === undefined ? {} : { parent_scope_id }) },
      token: made.text,
      user_id: token.user_id,
      auth_method_id: token.auth_method_id,
      account_id: token.account_id,
      created_time: token.created_time.toISOString(),
      updated_time: token.updated_time.toISOString(),
      approximate_last_used_time: token.approximate_last_used_time.toISOString(),
      expiration_time: token.expiration_time.toISOString(),
    },
  };
}

const inactive = (command: string): ApiError =>
  new ApiError('FailedPrecondition', `Cannot ${command} authentication against an inactive OIDC auth method`);

const notAvailable = (type: string): ApiError =>
  new ApiError(
    'Unimplemented',
    `Logging in through ${type} auth methods is not available in this release. Log in through a password auth method.`,
  );

const COMMANDS: Readonly<Record<MethodType, readonly string[]>> = {
  password: ['', 'login'],
  ldap: ['', 'login'],
  oidc: ['start', 'callback', 'token'],
};

/** The login name and password of the request; undefined for a type that has no login names. */
function checkRequest(request: AuthenticateRequest): Credentials | undefined {
  const type = typeOfMethodId(request.auth_method_id);
  const shape = new FieldErrors().require(
    type !== undefined,
    'attributes',
    `unknown subtype in ID: ${request.auth_method_id}`,
  );
  shape.throwIfAny();
  const given = type === 'oidc' ? {} : readAttributes(request.attributes, CREDENTIALS);
  const errors = new FieldErrors();
  const tokenType = (request.type || request.token_type).trim().toLowerCase();
  errors.require(
    ['', 'token', 'cookie'].includes(tokenType),
    'type',
    'The only accepted types are "token" and "cookie".',
  );
  const known = COMMANDS[type!].includes(request.command);
  errors.require(known, 'command', 'Invalid command for this auth method type.');
  if (type === 'oidc') {
    errors.throwIfAny(INVALID);
    return undefined;
  }
  errors.require(request.attributes !== undefined, 'attributes', 'This is a required field.');
  const text = (name: keyof Credentials): string => {
    const value = given[name] ?? '';
    const missing = request.attributes !== undefined && value === '';
    errors.require(!missing, `attributes.${name}`, 'This is a required field.');
    return value;
  };
  const credentials = { login_name: text('login_name'), password: text('password') };
  errors.throwIfAny(INVALID);
  return credentials;
}

const MAX_LOGIN_NAME = limit('login name', 512, {
  what: 'a login name in a login',
  unit: 'characters',
  reached: 'the login is refused like one with a wrong password',
  test: 'test/integration/iam-login.test.ts: 10 kB of login name',
});

/** The account that the credentials belong to, with the hash that they were verified by. */
async function verify(
  { db, passwords, networks }: LoginDeps,
  op: Op,
  methodId: string,
  { login_name, password }: Credentials,
): Promise<store.LoginAccount> {
  if (login_name.length > MAX_LOGIN_NAME || Buffer.byteLength(password) > MAX_PASSWORD_BYTES) throw badLogin();
  const login = await store.findLogin(db.executor, methodId, login_name);
  const isFamiliar = await networks.isKnown(login?.networks ?? [], login?.id ?? 'none', op.clientAddress);
  const name = `${methodId} ${login_name}`;
  const stored = login?.password_hash ?? undefined;
  const attempt = { name, address: op.clientAddress, isFamiliar, stored, password };
  const right = await passwords.check(attempt, op.signal);
  // Not the login name: people type passwords there by mistake.
  const facts = { auth_method_id: methodId, account_id: login?.id, client: op.clientAddress };
  op.log.info({ ...facts, accepted: right }, 'login');
  if (!right || login === undefined) throw badLogin();
  return login;
}

/** The account's user; on a first login through the primary auth method of the scope, a new one. */
async function userOf(
  tx: Tx,
  allowed: Allowed<'auth-method', 'authenticate'>,
  verified: store.LoginAccount,
  now: Date,
) {
  const accountId = verified.id;
  const login = await store.lockLogin(tx, verified);
  if (login === undefined) throw badLogin();
  if (login.user_id !== null) return { scope_id: login.scope_id, user_id: login.user_id };
  if (!login.is_primary) throw notFound('Unable to find requested resource.');
  const user_id = newIdOf('user', 'user');
  await store.insertUserOfLogin(tx, allowed, { id: user_id, account_id: accountId, now });
  return { scope_id: login.scope_id, user_id };
}
