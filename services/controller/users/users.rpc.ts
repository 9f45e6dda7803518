/** Handlers of UserService: decode, look up, authorize, one store call, encode. */
import { isIdOf } from '../../../lib/contract/id-prefixes';
import { ApiError, invalidArgument } from '../../../lib/errors/errors';
import { newId } from '../../../lib/ids/ids';
import {
  User,
  UserServiceDefinition,
  type CreateUserRequest,
  type DeleteUserRequest,
  type GetUserRequest,
  type ListResolvableAliasesRequest,
  type ListUsersRequest,
  type UpdateUserRequest,
} from '../../../proto/gen/api/users';
import type { Allowed } from '../authz/authz';
import { toMake } from '../authz/proof';
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
import { itemAccess, type ItemAccess, type ItemDefinition } from '../resources/items';
import { listChanges, verbOf, type ListEdit } from '../resources/list-edits';
import { staleVersion } from '../resources/rows';
import { collectionIn, listInScopes, scopeNode } from '../resources/scope-lists';
import { service, type Op } from '../rpc/service';
import { BUILT_IN_USERS, USER_ACTIONS, userItem, USER_PREFIX, userResource, type UserRow } from './users';
import { listResolvableAliases } from './resolvable-aliases';
import * as store from './users.store';

const definition: ItemDefinition<'user', UserRow, ReturnType<typeof userItem>> = {
  type: 'user',
  find: store.findUser,
  select: store.selectUsers,
  from: sql`from users r`,
  resource: userResource,
  actions: () => USER_ACTIONS,
  item: userItem,
  toJSON: (item) => User.toJSON(User.fromPartial(item)),
};

const MUTABLE = { name: 'name', description: 'description' };
type AccountEdit = ListEdit<'accounts'>;

class UserRpc {
  private readonly access: ItemAccess<'user', UserRow, ReturnType<typeof userItem>>;

  constructor(private readonly deps: ControllerDeps) {
    this.access = itemAccess(deps, definition);
  }

  async editAccounts(op: Op, action: AccountEdit, request: { id: string; version: number; account_ids: string[] }) {
    const wanted = unique(request.account_ids);
    checkListEdit(request, [USER_PREFIX], {
      field: 'account_ids',
      values: wanted,
      mayBeEmpty: action === 'set-accounts',
    })
      .require(
        wanted.every((id) => isIdOf(id, 'account')),
        'account_ids',
        'Values must be valid account ids.',
      )
      // A login with such an account would act as the recovery user, or as everybody.
      .require(
        action === 'remove-accounts' || wanted.length === 0 || !BUILT_IN_USERS.includes(request.id),
        'account_ids',
        'Built-in users have no accounts.',
      )
      .throwIfAny(MESSAGE.fields);
    const { row: user, allowed } = await this.access.allow(op, action, request.id);
    // The accounts that were read are those of the user's version: no other one may be changed by
    // them.
    if (user.version !== request.version) throw staleVersion('User', request.id);
    const current = (user.accounts ?? []).map((account) => account.id);
    const { added, removed } = listChanges(verbOf(action), current, wanted);
    if (added.length + removed.length === 0) return this.access.answer(op, allowed);
    const now = this.deps.clock.now();
    await transaction(this.deps.db, now, async (tx) => {
      if (!(await store.updateUser(tx, allowed, { version: request.version, columns: {}, now }))) {
        throw staleVersion('User', request.id);
      }
      if (allowed.action !== 'add-accounts') await unlink(tx, allowed, removed);
      if (allowed.action !== 'remove-accounts') await link(tx, allowed, added);
    });
    return this.access.answer(op, allowed);
  }

  async getUser(op: Op, { id }: GetUserRequest) {
    checkGetId(id, USER_PREFIX);
    const { allowed } = await this.access.allow(op, 'read', id);
    return this.access.answer(op, allowed);
  }

  async listUsers(op: Op, request: ListUsersRequest) {
    new FieldErrors()
      .require(isUserScope(request.scope_id), 'scope_id', "Must be 'global' or a valid org scope id when listing.")
      .throwIfAny(MESSAGE.identifier);
    return listInScopes(this.deps, op, definition, request);
  }

  async createUser(op: Op, request: CreateUserRequest) {
    const item = request.item ?? User.fromPartial({});
    checkCreate(new FieldErrors(), item)
      .require(isUserScope(item.scope_id), 'scope_id', "Must be 'global' or a valid org scope id.")
      .throwIfAny();
    const scope = await scopeNode(this.deps.db.executor, item.scope_id);
    const may = await this.deps.authz.check(op, 'create', collectionIn('user', scope));
    const allowed = toMake(may, newId(USER_PREFIX));
    const now = this.deps.clock.now();
    const [name, description] = [storedText(item.name), storedText(item.description)];
    await transaction(this.deps.db, now, (tx) => store.insertUser(tx, allowed, { name, description, now }));
    return this.access.answer(op, allowed);
  }

  async updateUser(op: Op, request: UpdateUserRequest) {
    checkUpdate(new FieldErrors(), request, [USER_PREFIX]).throwIfAny();
    const { allowed } = await this.access.allow(op, 'update', request.id);
    const item = request.item!;
    const columns = maskedColumns(request.update_mask!, MUTABLE, (path) =>
      storedText(item[path as 'name' | 'description']),
    );
    const now = this.deps.clock.now();
    const change = { version: item.version, columns, now };
    const done = await transaction(this.deps.db, now, (tx) => store.updateUser(tx, allowed, change));
    if (!done) throw staleVersion('User', request.id);
    return this.access.answer(op, allowed);
  }

  async listResolvableAliases(op: Op, request: ListResolvableAliasesRequest) {
    checkGetId(request.id, USER_PREFIX);
    const { allowed } = await this.access.allow(op, 'list-resolvable-aliases', request.id);
    return listResolvableAliases(this.deps, op, allowed, request);
  }

  async deleteUser(op: Op, { id }: DeleteUserRequest) {
    checkDeleteId(id, USER_PREFIX);
    const { allowed } = await this.access.allow(op, 'delete', id);
    if (BUILT_IN_USERS.includes(id)) {
      throw new ApiError('FailedPrecondition', `User "${id}" is built in and cannot be deleted.`);
    }
    await transaction(this.deps.db, this.deps.clock.now(), (tx) => store.deleteUser(tx, allowed));
    return {};
  }
}

export function userService(deps: ControllerDeps) {
  const rpc = new UserRpc(deps);
  return service(UserServiceDefinition, {
    getUser: (op, request) => rpc.getUser(op, request),
    listUsers: (op, request) => rpc.listUsers(op, request),
    createUser: (op, request) => rpc.createUser(op, request),
    updateUser: (op, request) => rpc.updateUser(op, request),
    deleteUser: (op, request) => rpc.deleteUser(op, request),
    addUserAccounts: (op, request) => rpc.editAccounts(op, 'add-accounts', request),
    setUserAccounts: (op, request) => rpc.editAccounts(op, 'set-accounts', request),
    removeUserAccounts: (op, request) => rpc.editAccounts(op, 'remove-accounts', request),
    listResolvableAliases: (op, request) => rpc.listResolvableAliases(op, request),
  });
}

const isUserScope = (id: string): boolean => id === 'global' || isIdOf(id, 'scope', 'org');

const accountError = (message: string, description: string): ApiError =>
  invalidArgument(message, [{ name: 'account_ids', description }]);

async function unlink(
  tx: Tx,
  allowed: Allowed<'user', 'remove-accounts' | 'set-accounts'>,
  ids: readonly string[],
): Promise<void> {
  if ((await store.unlinkAccounts(tx, allowed, ids)) === ids.length) return;
  throw accountError(
    'Unable to remove accounts from user: not all of them belong to the user.',
    'Must only contain accounts of the user.',
  );
}

/**
 * Accounts must exist in the user's scope, be free, and be of auth methods that the user has no
 * account of.
 */
async function link(
  tx: Tx,
  allowed: Allowed<'user', 'add-accounts' | 'set-accounts'>,
  ids: readonly string[],
): Promise<void> {
  const refuse = (reason: string) => accountError(`Unable to add accounts to user: ${reason}`, reason);
  const found = await store.lockAccounts(tx, ids);
  if (found.length !== ids.length) throw refuse('Not all of the accounts exist.');
  if (found.some((account) => account.scope_id !== allowed.scopeId)) {
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
