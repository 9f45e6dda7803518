/** Handlers of UserService: decode, look up, authorize, one store call, encode. */
import { ApiError, invalidArgument, resourceNotFound } from '../../../lib/errors/errors';
import { hasIdForm, newId } from '../../../lib/ids/ids';
import { User, UserServiceDefinition } from '../../../proto/gen/api/users';
import type { Allowed } from '../authz/authz';
import type { ControllerDeps } from '../context';
import { sql, transaction, type Tx } from '../db/db';
import {
  checkCreate,
  checkDeleteId,
  checkGetId,
  checkListEdit,
  checkUpdate,
  FieldErrors,
  maskedColumns,
  MESSAGE,
  storedText,
  unique,
} from '../resources/fields';
import type { ListDefinition } from '../resources/list';
import { present } from '../resources/present';
import { staleVersion } from '../resources/rows';
import { collectionIn, listInScopes, scopeNode } from '../resources/scope-lists';
import { service, type Op } from '../rpc/service';
import { BUILT_IN_USERS, USER_ACTIONS, userItem, USER_PREFIX, userResource, type UserRow } from './users';
import * as store from './users.store';

const definition: ListDefinition<UserRow, ReturnType<typeof userItem>> = {
  type: 'user',
  select: store.selectUsers,
  from: sql`from users r`,
  resource: userResource,
  actions: () => USER_ACTIONS,
  item: userItem,
  toJSON: (item) => User.toJSON(User.fromPartial(item)),
};

const MUTABLE = { name: 'name', description: 'description' };
const ACCOUNT_PREFIXES = ['acctpw', 'apw', 'acctoidc', 'acctldap'];
type AccountEdit = 'add-accounts' | 'set-accounts' | 'remove-accounts';

export function userService(deps: ControllerDeps) {
  const on = deps.db.executor;

  async function allow<A extends string>(
    op: Op,
    action: A,
    id: string,
  ): Promise<{ user: UserRow; allowed: Allowed<A> }> {
    const user = await store.findUser(on, id);
    if (user === undefined) throw resourceNotFound();
    return { user, allowed: await deps.authz.check(op, action, userResource(user)) };
  }

  async function answer(op: Op, allowed: Allowed, id: string) {
    const user = await store.findUser(on, id);
    if (user === undefined) throw resourceNotFound();
    const shown = { decision: allowed.decision, resource: userResource(user), actions: USER_ACTIONS };
    return { item: await present(deps.authz, op, shown, userItem(user)) };
  }

  async function editAccounts(
    op: Op,
    action: AccountEdit,
    request: { id: string; version: number; account_ids: string[] },
  ) {
    const wanted = unique(request.account_ids);
    checkListEdit(request, [USER_PREFIX], {
      field: 'account_ids',
      values: wanted,
      mayBeEmpty: action === 'set-accounts',
    })
      .require(
        wanted.every((id) => hasIdForm(id, ...ACCOUNT_PREFIXES)),
        'account_ids',
        'Values must be valid account ids.',
      )
      .throwIfAny(MESSAGE.fields);
    const { user, allowed } = await allow(op, action, request.id);
    const current = (user.accounts ?? []).map((account) => account.id);
    const added = action === 'set-accounts' ? wanted.filter((id) => !current.includes(id)) : wanted;
    const removed = action === 'set-accounts' ? current.filter((id) => !wanted.includes(id)) : wanted;
    const same = action === 'set-accounts' && added.length + removed.length === 0;
    if (same && user.version === request.version) return answer(op, allowed, request.id);
    const now = deps.clock.now();
    await transaction(deps.db, now, async (tx) => {
      if (!(await store.updateUser(tx, allowed, { version: request.version, columns: {}, now }))) {
        throw staleVersion('User', request.id);
      }
      if (action !== 'add-accounts') await unlink(tx, allowed, removed);
      if (action !== 'remove-accounts') await link(tx, allowed, user, added);
    });
    return answer(op, allowed, request.id);
  }

  return service(UserServiceDefinition, {
    async getUser(op, { id }) {
      checkGetId(id, USER_PREFIX);
      const { allowed } = await allow(op, 'read', id);
      return answer(op, allowed, id);
    },

    async listUsers(op, request) {
      new FieldErrors()
        .require(isUserScope(request.scope_id), 'scope_id', "Must be 'global' or a valid org scope id when listing.")
        .throwIfAny(MESSAGE.identifier);
      return listInScopes(deps, op, definition, request);
    },

    async createUser(op, request) {
      const item = request.item ?? User.fromPartial({});
      checkCreate(new FieldErrors(), item)
        .require(isUserScope(item.scope_id), 'scope_id', "Must be 'global' or a valid org scope id.")
        .throwIfAny();
      const scope = await scopeNode(on, item.scope_id);
      const allowed = await deps.authz.check(op, 'create', collectionIn('user', scope));
      const now = deps.clock.now();
      const id = newId(USER_PREFIX);
      const [name, description] = [storedText(item.name), storedText(item.description)];
      await transaction(deps.db, now, (tx) =>
        store.insertUser(tx, allowed, { id, scope_id: scope.id, name, description, now }),
      );
      return answer(op, allowed, id);
    },

    async updateUser(op, request) {
      checkUpdate(new FieldErrors(), request, [USER_PREFIX]).throwIfAny();
      const { allowed } = await allow(op, 'update', request.id);
      const item = request.item!;
      const columns = maskedColumns(request.update_mask!, MUTABLE, (path) =>
        storedText(item[path as 'name' | 'description']),
      );
      const now = deps.clock.now();
      const change = { version: item.version, columns, now };
      const done = await transaction(deps.db, now, (tx) => store.updateUser(tx, allowed, change));
      if (!done) throw staleVersion('User', request.id);
      return answer(op, allowed, request.id);
    },

    async deleteUser(op, { id }) {
      checkDeleteId(id, USER_PREFIX);
      const { allowed } = await allow(op, 'delete', id);
      if (BUILT_IN_USERS.includes(id))
        throw new ApiError('FailedPrecondition', `User "${id}" is built in and cannot be deleted.`);
      await transaction(deps.db, deps.clock.now(), (tx) => store.deleteUser(tx, allowed));
      return {};
    },

    addUserAccounts: (op, request) => editAccounts(op, 'add-accounts', request),
    setUserAccounts: (op, request) => editAccounts(op, 'set-accounts', request),
    removeUserAccounts: (op, request) => editAccounts(op, 'remove-accounts', request),
  });
}

const isUserScope = (id: string): boolean => id === 'global' || hasIdForm(id, 'o');

const accountError = (message: string, description: string): ApiError =>
  invalidArgument(message, [{ name: 'account_ids', description }]);

async function unlink(tx: Tx, allowed: Allowed, ids: readonly string[]): Promise<void> {
  if ((await store.unlinkAccounts(tx, allowed, ids)) === ids.length) return;
  throw accountError(
    'Unable to remove accounts from user: not all of them belong to the user.',
    'Must only contain accounts of the user.',
  );
}

/** Accounts must exist in the user's scope, be free, and be of auth methods that the user has no account of. */
async function link(tx: Tx, allowed: Allowed, user: UserRow, ids: readonly string[]): Promise<void> {
  const refuse = (reason: string) => accountError(`Unable to add accounts to user: ${reason}`, reason);
  const found = await store.lockAccounts(tx, ids);
  if (found.length !== ids.length) throw refuse('Not all of the accounts exist.');
  if (found.some((account) => account.scope_id !== user.scope_id)) {
    throw refuse('Accounts must be in the scope of the user.');
  }
  if (found.some((account) => account.user_id !== null)) {
    throw refuse('An account that belongs to a user cannot be added to one; remove it there first.');
  }
  const methods = new Set(found.map((account) => account.auth_method_id));
  if (methods.size !== found.length || (await store.hasAccountIn(tx, allowed, [...methods]))) {
    throw refuse('A user has at most one account of an auth method.');
  }
  await store.linkAccounts(tx, allowed, ids);
}
