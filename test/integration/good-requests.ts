/**
 * A request of every method that a controller takes, or would take but for its version: where
 * hostile ones start from.
 */
import { DEV } from '../harness/controller';
import { NOUNS, type Noun, type World } from './nouns';

/** An item of each row of {@link NOUNS}, in their order. */
export type Items = readonly { id: string; version: number }[];

type Request = Record<string, unknown>;

/** Methods that are not of every noun. */
const SPECIAL: Record<string, (world: World, idOf: (title: string) => string) => Request> = {
  Authenticate: () => ({
    auth_method_id: DEV.authMethod,
    command: 'login',
    attributes: { login_name: 'nobody', password: 'password' },
  }),
  SetPassword: (_, idOf) => ({ id: idOf('Account'), version: 1, password: 'password' }),
  ChangePassword: (_, idOf) => ({
    ...{ id: idOf('Account'), version: 1 },
    ...{ current_password: 'password', new_password: 'another one' },
  }),
  ChangeState: ({ oidc }) => ({ id: oidc, version: 1, attributes: { state: 'inactive' } }),
  AuthorizeSession: ({ target }) => ({ id: target }),
  GetSession: () => ({ id: 's_1234567890' }),
  CancelSession: () => ({ id: 's_1234567890', version: 1 }),
  ListSessions: () => ({ scope_id: 'global', recursive: true, include_terminated: true }),
  GetAuthToken: () => ({ id: 'at_1234567890' }),
  ListAuthTokens: () => ({ scope_id: 'global', recursive: true }),
  ListResolvableAliases: () => ({ id: DEV.admin }),
  ListKeys: () => ({ id: DEV.project }),
  RotateKeys: () => ({ scope_id: DEV.project, rewrap: true }),
  ListKeyVersionDestructionJobs: () => ({ scope_id: DEV.project }),
  DestroyKeyVersion: () => ({ scope_id: DEV.project, key_version_id: 'kdkv_1234567890' }),
  MonthlyActiveUsers: () => ({ start_time: '2026-01', end_time: '2026-05' }),
  CreateWorkerLed: () => ({ item: { scope_id: 'global', worker_generated_auth_token: 'neslat_2KqvRkqVKGV' } }),
  ReadCertificateAuthority: () => ({ scope_id: 'global' }),
  ReinitializeCertificateAuthority: () => ({ scope_id: 'global' }),
};

let numbers = 5_000_000;

/** What is asked of rows of a noun by this method. Empty: the method is of no noun here. */
export function goodRequests(method: string, world: World, items: Items): Request[] {
  const special = SPECIAL[method];
  if (special !== undefined) {
    return [special(world, (noun) => items[NOUNS.findIndex((row) => row.noun === noun)]!.id)];
  }
  return NOUNS.flatMap((noun, i) => requestsOf(method, noun, world, items[i]!));
}

function requestsOf(method: string, noun: Noun, world: World, { id, version }: Items[number]): Request[] {
  const own = noun.item(world, numbers++);
  const text = { name: `good-${numbers}`, description: 'a text' };
  // Most go without a name, which only one could have.
  if (method === (noun.create ?? `Create${noun.noun}`)) return [{ item: { ...own, ...(noun.named ? text : {}) } }];
  if (method === `Get${noun.noun}`) return [{ id }];
  // What is there stays there, for other requests.
  if (method === `Delete${noun.noun}`) return [{ id: `${id.slice(0, -4)}zzzz` }];
  if (method === `List${noun.plural ?? `${noun.noun}s`}`) {
    const filter = '"/item/name" matches "good.*"';
    return [{ ...noun.list(world), filter, page_size: 2, list_token: '' }];
  }
  if (method === `Update${noun.noun}`) return [{ id, item: { version, ...text, ...noun.update } }];
  const edit = noun.edits?.find(({ what }) => new RegExp(`^(Add|Set|Remove)${noun.noun}${what}$`).test(method));
  if (edit === undefined) return [];
  const values = edit.values(world, 0);
  return [{ id, version, [edit.field]: edit.pack?.(values) ?? values }];
}
