/**
 * UserService: users are persons and programs. Accounts prove who they are, roles say what they may
 * do.
 */
import { isIdOf } from '../../../lib/contract/id-prefixes';
import { ApiError, invalidArgument } from '../../../lib/errors/errors';
import { User, UserServiceDefinition } from '../../../proto/gen/api/users';
import type { AllowedToAdd } from '../authz/authz';
import type { ControllerDeps } from '../context';
import type { Tx } from '../db/db';
import { defineItems } from '../resources/definition';
import { checkGetId } from '../resources/fields';
import type { ListHook } from '../resources/list-editors';
import { unable, verbOf } from '../resources/list-edits';
import { idPrefixes } from '../resources/noun-context';
import { inScopes } from '../resources/places';
import { resource } from '../resources/resource';
import { service } from '../rpc/service';
import { listResolvableAliases } from './resolvable-aliases';
import * as store from './users.store';

/** Made by the schema; roles may name the first two. */
const BUILT_IN_USERS: readonly string[] = ['u_anon', 'u_auth', 'u_recovery'];

const idsOf = (row: store.UserRow): string[] => (row.accounts ?? []).map((account) => account.id);

const definition = defineItems('user', User, {
  find: store.findUser,
  select: store.selectUsers,
  item: (row) => ({ account_ids: idsOf(row) }),
});

const accounts: ListHook<'user', 'accounts', store.UserRow> = {
  check(errors, ids, { verb, id }) {
    const fit = ids.every((one) => isIdOf(one, 'account'));
    errors.require(fit, 'account_ids', 'Values must be valid account ids.');
    // Whoever logged in with such an account would be the recovery user, or everybody.
    const builtIn = verb !== 'remove' && ids.length > 0 && BUILT_IN_USERS.includes(id);
    errors.require(!builtIn, 'account_ids', 'Built-in users have no accounts.');
  },
  current: idsOf,
  add: link,
  remove: store.unlinkAccounts,
  refused: {
    add: ['not all of the accounts are free.', 'Must only contain accounts without a user.'],
    remove: ['not all of them belong to the user.', 'Must only contain accounts of the user.'],
  },
};

export function userService(deps: ControllerDeps) {
  const users = resource(deps, UserServiceDefinition, {
    definition,
    message: User,
    place: inScopes('user', {
      list: "Must be 'global' or a valid org scope id when listing.",
      create: "Must be 'global' or a valid org scope id.",
    }),
    delete: {
      refuse: ({ id }) => {
        if (!BUILT_IN_USERS.includes(id)) return;
        throw new ApiError('FailedPrecondition', `User "${id}" is built in and cannot be deleted.`);
      },
    },
    lists: { accounts },
  });
  return service(UserServiceDefinition, {
    ...users.handlers,
    async listResolvableAliases(op, request) {
      checkGetId(request.id, ...idPrefixes('user'));
      const { allowed } = await users.access.allow(op, 'list-resolvable-aliases', request.id);
      return listResolvableAliases(deps, op, allowed, request);
    },
  });
}

/**
 * Accounts must exist in the user's scope, be free, and be of auth methods that the user has no
 * account of.
 */
async function link(tx: Tx, allowed: AllowedToAdd<'user', 'accounts'>, ids: readonly string[]): Promise<number> {
  const beginning = unable(verbOf(allowed.action), 'accounts', 'user');
  const refuse = (reason: string) =>
    invalidArgument(`${beginning}: ${reason}`, [{ name: 'account_ids', description: reason }]);
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
  return store.linkAccounts(tx, allowed, ids);
}
