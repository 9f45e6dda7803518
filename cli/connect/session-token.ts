/** The authorization of `connect`: from a new session, or from a token that was given. */
import { withClient } from '../core/api-command';
import { EXIT, UsageError } from '../io/errors';
import { targets } from '../resources/targets';
import type { SessionCredential } from './credentials';
import type { ConnectContext } from './flags';

export interface Authorization {
  token: string;
  /** The session was authorized earlier. */
  isOld: boolean;
  /** Brokered credentials; only a session that this command has opened brings them. */
  credentials: SessionCredential[];
}

/** The most characters that are read from standard input; no token is as long. */
const MAX_INPUT = 1024 * 1024;

/**
 * The token and what came with it. Throws a UsageError when the flags name no session or more than
 * one.
 */
export async function authorization(context: ConnectContext): Promise<Authorization> {
  const { args, line } = context;
  const byTarget = args['target-id'] !== '' || args['target-name'] !== '';
  if (line.has('authz-token') && byTarget) throw new UsageError('-authz-token excludes naming a target');
  const given = args['authz-token'];
  if (given === '' || byTarget) return authorize(context);
  return { token: tokenIn(given === '-' ? await readAll(context.io.stdin) : given), isOld: true, credentials: [] };
}

async function authorize(context: ConnectContext): Promise<Authorization> {
  const request = authorizationRequest(context);
  let result: Authorization = { token: '', isOld: false, credentials: [] };
  await withClient(context, async (client) => {
    const answer = await client.call({
      service: await targets.service(),
      method: 'authorizeSession',
      request,
      action: 'authorize-session action against given target',
      attempt: 'authorize a session against the target',
    });
    const item = answer.item as { authorization_token?: string; credentials?: SessionCredential[] };
    result = { token: String(item.authorization_token), isOld: false, credentials: item.credentials ?? [] };
    return EXIT.ok;
  });
  return result;
}

function authorizationRequest({ args, line }: ConnectContext): Record<string, string> {
  const id = args['target-id'];
  const name = args['target-name'];
  const host: Record<string, string> = args['host-id'] === '' ? {} : { host_id: args['host-id'] };
  if (id !== '') {
    if (name !== '' || line.has('target-scope-id') || line.has('target-scope-name'))
      throw new UsageError('-target-id excludes -target-name, -target-scope-id and -target-scope-name');
    return { id, ...host };
  }
  if (name === '')
    throw new UsageError('A target is required: an alias, -target-id, -target-name with its scope, or -authz-token');
  const [scopeId, scopeName] = [args['target-scope-id'], args['target-scope-name']];
  if ((scopeId === '') === (scopeName === ''))
    throw new UsageError('-target-name needs exactly one of -target-scope-id and -target-scope-name');
  return { id: name, name, ...(scopeId === '' ? { scope_name: scopeName } : { scope_id: scopeId }), ...host };
}

/**
 * Finds the token in the given text, which is the token, an item, or a whole answer with an item.
 */
export function tokenIn(text: string): string {
  const trimmed = text.trim();
  if (!trimmed.startsWith('{')) return trimmed;
  let answer: { authorization_token?: unknown; item?: { authorization_token?: unknown } };
  try {
    answer = JSON.parse(trimmed) as typeof answer;
  } catch (error) {
    throw new UsageError(`-authz-token looks like JSON but is none: ${(error as Error).message.slice(0, 60)}`);
  }
  const token = answer.authorization_token ?? answer.item?.authorization_token;
  if (typeof token !== 'string') throw new UsageError('The JSON of -authz-token has no authorization_token');
  return token;
}

async function readAll(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const chunk of stream) {
    text += chunk.toString();
    if (text.length > MAX_INPUT) throw new UsageError('What standard input holds is no authorization token');
  }
  return text;
}
