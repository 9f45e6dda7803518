/** Handlers of ScopeService: decode, look up, authorize, one store call, encode. */
import { isIdOf, newIdOf } from '../../../lib/contract/id-prefixes';
import { invalidArgument } from '../../../lib/errors/errors';
import {
  Scope,
  ScopeServiceDefinition,
  type CreateScopeRequest,
  type UpdateScopeRequest,
} from '../../../proto/gen/api/scopes';
import type { Allowed } from '../authz/authz';
import { authorizedCollectionActions } from '../authz/collections';
import { toMake } from '../authz/proof';
import type { ControllerDeps } from '../context';
import { sql, transaction, type Executor, type Tx } from '../db/db';
import { insertRole } from '../init/initialize';
import { scopeRoles } from '../init/roles';
import { changing } from '../resources/changes';
import {
  checkCreate,
  checkUpdate,
  FieldErrors,
  isScopeId,
  maskedColumns,
  MESSAGE,
  storedText,
} from '../resources/fields';
import { itemAccess, type ItemDefinition } from '../resources/items';
import { staleVersion } from '../resources/rows';
import { collectionIn, listInScopes, scopeNode } from '../resources/scope-lists';
import { service, type Op } from '../rpc/service';
import { collectionsBelow, SCOPE_PREFIXES, scopeActions, scopeItem, scopeResource, type ScopeRow } from './scopes';
import { scopeKeyHandlers } from './scope-keys.rpc';
import * as store from './scopes.store';

const MUTABLE = {
  name: 'name',
  description: 'description',
  primary_auth_method_id: 'primary_auth_method_id',
};

/** Users that stand for many people. They get no rights in what they create. */
const BUILTIN_USERS = ['u_anon', 'u_auth', 'u_recovery'];

function definitionFor(deps: ControllerDeps): ItemDefinition<'scope', ScopeRow, ReturnType<typeof scopeItem>> {
  const collections = async (op: Op, row: ScopeRow) => {
    const at = { scopeId: row.id, parentScopeId: row.scope_id ?? undefined };
    const below = await authorizedCollectionActions(deps.authz, op, collectionsBelow(row), at);
    return { authorized_collection_actions: below };
  };
  return {
    type: 'scope',
    filterMessage: MESSAGE.request,
    find: store.findScope,
    select: store.selectScopes,
    from: sql`from scopes r`,
    resource: scopeResource,
    actions: scopeActions,
    item: scopeItem,
    extra: collections,
    toJSON: (item) => Scope.toJSON(Scope.fromPartial(item)),
  };
}

/**
 * One org by itself comes without the actions on its collections, as existing clients expect; in
 * lists it has them.
 */
const single = (listed: ReturnType<typeof definitionFor>): typeof listed => ({
  ...listed,
  extra: async (op, row) => (row.type === 'org' ? {} : listed.extra!(op, row)),
});

export function scopeService(deps: ControllerDeps) {
  const on = deps.db.executor;
  const listed = definitionFor(deps);
  const { allow, shown, answer } = itemAccess(deps, single(listed));

  return service(ScopeServiceDefinition, {
    async getScope(op, { id }) {
      checkId(id);
      const { row, allowed } = await allow(op, 'read', id);
      return shown(op, allowed, row);
    },

    async listScopes(op, request) {
      const scope_id = request.scope_id === '' ? 'global' : request.scope_id;
      new FieldErrors()
        .require(isParent(scope_id), 'scope_id', "Must be 'global' or a valid org scope id when listing.")
        .throwIfAny();
      return listInScopes(deps, op, listed, { ...request, scope_id });
    },

    async createScope(op, request) {
      const item = request.item ?? Scope.fromPartial({});
      const type = checkNewScope(item);
      const parent = await scopeNode(on, item.scope_id);
      const may = await deps.authz.check(op, 'create', collectionIn('scope', parent));
      const allowed = toMake(may, newIdOf('scope', type));
      const now = deps.clock.now();
      const [name, description] = [storedText(item.name), storedText(item.description)];
      await changing(deps.db, now, async (tx) => {
        await store.insertScope(tx, allowed, { type, name, description, now });
        await furnish(tx, deps, allowed, { type, now }, request);
      });
      return answer(op, allowed);
    },

    async updateScope(op, request) {
      checkChange(request);
      const { allowed } = await allow(op, 'update', request.id);
      const item = request.item!;
      const columns = maskedColumns(request.update_mask!, MUTABLE, (path) =>
        storedText(item[path as keyof typeof MUTABLE]),
      );
      await checkPrimary(on, request.id, columns['primary_auth_method_id']);
      const now = deps.clock.now();
      const change = { version: item.version, columns, now };
      if (!(await changing(deps.db, now, (tx) => store.updateScope(tx, allowed, change)))) {
        throw staleVersion('Scope', request.id);
      }
      return answer(op, allowed);
    },

    async deleteScope(op, { id }) {
      new FieldErrors().require(id !== 'global', 'id', 'Invalid to delete the global scope.').throwIfAny();
      checkId(id);
      const { allowed } = await allow(op, 'delete', id);
      await transaction(deps.db, deps.clock.now(), (tx) => store.deleteScope(tx, allowed));
      return {};
    },

    ...scopeKeyHandlers(deps),
  });
}

/** Keys and roles of a new scope. */
async function furnish(
  tx: Tx,
  deps: ControllerDeps,
  allowed: Allowed<'scope', 'create'>,
  { type, now }: { type: 'org' | 'project'; now: Date },
  skip: Pick<CreateScopeRequest, 'skip_admin_role_creation' | 'skip_default_role_creation'>,
): Promise<void> {
  const { id } = allowed;
  const { userId } = allowed.actor;
  await deps.kms.createScopeKeys(tx, id, now);
  const builtin = BUILTIN_USERS.includes(userId);
  const admin = skip.skip_admin_role_creation || builtin ? undefined : userId;
  const roles = scopeRoles(id, type, admin).filter((role) => role.userId === admin || !skip.skip_default_role_creation);
  for (const role of roles) await insertRole(tx, role, now);
}

async function checkPrimary(on: Executor, scopeId: string, authMethodId: unknown): Promise<void> {
  if (typeof authMethodId !== 'string' || (await store.hasAuthMethod(on, scopeId, authMethodId))) return;
  throw invalidArgument(MESSAGE.request, [
    { name: 'primary_auth_method_id', description: 'Must be an auth method of this scope.' },
  ]);
}

const isParent = (id: string): boolean => id === 'global' || isIdOf(id, 'scope', 'org');

/** Type of the new scope, which its parent decides. */
function checkNewScope(item: Scope): 'org' | 'project' {
  const errors = new FieldErrors();
  const type = item.type !== '' ? item.type : item.scope_id === 'global' ? 'org' : 'project';
  errors.require(item.scope_id !== '', 'scope_id', 'Missing value for scope_id.');
  errors.require(type !== 'global', 'type', 'Cannot create a global scope.');
  errors.require(['org', 'project', 'global'].includes(type), 'type', 'Must be "org" or "project".');
  if (item.scope_id !== '') {
    const underGlobal = 'Org scopes can only be created under the global scope.';
    const underOrg = 'Project scopes can only be created under an org scope.';
    errors.require(type !== 'org' || item.scope_id === 'global', 'type', underGlobal);
    errors.require(type !== 'project' || isIdOf(item.scope_id, 'scope', 'org'), 'type', underOrg);
  }
  const primary = item.primary_auth_method_id;
  errors.require(primary === undefined, 'primary_auth_method_id', 'This field can only be set after creation.');
  errors.require(!item.version, 'version', 'This cannot be specified at create time.');
  checkCreate(errors, item).throwIfAny();
  return type as 'org' | 'project';
}

const ILL_FORMED = 'Invalidly formatted scope id.';
const checkId = (id: string): void => new FieldErrors().require(isScopeId(id), 'id', ILL_FORMED).throwIfAny();

function checkChange(request: UpdateScopeRequest): void {
  const errors = new FieldErrors();
  const { id, item } = request;
  errors.require(isScopeId(id), 'id', ILL_FORMED);
  const missing = 'UpdateMask not provided but is required to update a project.';
  errors.require(request.update_mask !== undefined, 'update_mask', missing);
  errors.require(['', typeById(id)].includes(item?.type ?? ''), 'type', 'Cannot modify the resource type.');
  const primary = item?.primary_auth_method_id;
  const fits = primary === undefined || isIdOf(primary, 'auth-method');
  errors.require(fits, 'primary_auth_method_id', 'Improperly formatted identifier.');
  checkUpdate(errors, request, SCOPE_PREFIXES).throwIfAny();
}

const typeById = (id: string): string => (id === 'global' ? 'global' : isIdOf(id, 'scope', 'org') ? 'org' : 'project');
