/** Handlers of RoleService: decode, look up, authorize, one store call, encode. */
import { newId } from '../../../lib/ids/ids';
import {
  Role,
  RoleServiceDefinition,
  type CreateRoleRequest,
  type DeleteRoleRequest,
  type GetRoleRequest,
  type ListRolesRequest,
  type UpdateRoleRequest,
} from '../../../proto/gen/api/roles';
import type { Allowed } from '../authz/authz';
import { toMake } from '../authz/proof';
import type { ControllerDeps } from '../context';
import { sql, transaction } from '../db/db';
import {
  checkCreate,
  checkDeleteId,
  checkGetId,
  checkListEdit,
  checkUpdate,
  FieldErrors,
  isScopeId,
  maskedColumns,
  MESSAGE,
  READ_ONLY_IN_UPDATE,
  storedText,
  unique,
} from '../resources/fields';
import { itemAccess, type ItemAccess, type ItemDefinition } from '../resources/items';
import type { ListEdit } from '../resources/list-edits';
import { staleVersion } from '../resources/rows';
import { collectionIn, listInScopes, scopeNode } from '../resources/scope-lists';
import { service, type Op } from '../rpc/service';
import { checkGrantScopes, checkPrincipals, readGrants, type Edit } from './grant-strings';
import { planGrants, planGrantScopes, planPrincipals, type EditedList, type Plan } from './role-edits';
import { ROLE_ACTIONS, roleItem, ROLE_PREFIX, roleResource, type RoleRow } from './roles';
import * as store from './roles.store';

const definition: ItemDefinition<'role', RoleRow, ReturnType<typeof roleItem>> = {
  type: 'role',
  find: store.findRole,
  select: store.selectRoles,
  from: sql`from roles r`,
  resource: roleResource,
  actions: () => ROLE_ACTIONS,
  item: roleItem,
  toJSON: (item) => Role.toJSON(Role.fromPartial(item)),
};

const MUTABLE = { name: 'name', description: 'description' };
interface EditRequest {
  id: string;
  version: number;
}

class RoleRpc {
  private readonly access: ItemAccess<'role', RoleRow, ReturnType<typeof roleItem>>;

  constructor(private readonly deps: ControllerDeps) {
    this.access = itemAccess(deps, definition);
  }

  private async edit<W extends EditedList>(
    op: Op,
    action: ListEdit<W>,
    request: EditRequest,
    plan: (role: RoleRow, allowed: Allowed<'role', ListEdit<W>>) => Plan | Promise<Plan>,
  ) {
    const { row: role, allowed } = await this.access.allow(op, action, request.id);
    if (role.version !== request.version) throw staleVersion('Role', request.id);
    const apply = await plan(role, allowed);
    if (apply === undefined) return this.access.answer(op, allowed);
    const now = this.deps.clock.now();
    await transaction(this.deps.db, now, async (tx) => {
      const change = { version: request.version, columns: {}, now };
      if (!(await store.updateRole(tx, allowed, change))) throw staleVersion('Role', request.id);
      await apply(tx);
    });
    return this.access.answer(op, allowed);
  }

  async principals(op: Op, kind: Edit, request: EditRequest & { principal_ids: string[] }) {
    const ids = unique(request.principal_ids);
    const errors = checkEdit(kind, request, 'principal_ids', ids);
    checkPrincipals(errors, ids);
    errors.throwIfAny(MESSAGE.fields);
    return this.edit(op, `${kind}-principals`, request, (role, allowed) => planPrincipals(role, allowed, ids));
  }

  async grants(op: Op, kind: Edit, request: EditRequest & { grant_strings: string[] }) {
    const errors = checkEdit(kind, request, 'grant_strings', request.grant_strings);
    const parsed = await readGrants(op, errors, kind, unique(request.grant_strings));
    errors.throwIfAny(MESSAGE.fields);
    return this.edit(op, `${kind}-grants`, request, (role, allowed) => planGrants(role, allowed, parsed));
  }

  async grantScopes(op: Op, kind: Edit, request: EditRequest & { grant_scope_ids: string[] }) {
    const values = unique(request.grant_scope_ids);
    const errors = checkEdit(kind, request, 'grant_scope_ids', values);
    checkGrantScopes(errors, values);
    errors.throwIfAny(MESSAGE.fields);
    return this.edit(op, `${kind}-grant-scopes`, request, (role, allowed) =>
      planGrantScopes(this.deps.db.executor, role, allowed, values),
    );
  }

  async getRole(op: Op, { id }: GetRoleRequest) {
    checkGetId(id, ROLE_PREFIX);
    const { allowed } = await this.access.allow(op, 'read', id);
    return this.access.answer(op, allowed);
  }

  async listRoles(op: Op, request: ListRolesRequest) {
    new FieldErrors()
      .require(isScopeId(request.scope_id), 'scope_id', 'Improperly formatted field.')
      .throwIfAny(MESSAGE.identifier);
    return listInScopes(this.deps, op, definition, request);
  }

  async createRole(op: Op, request: CreateRoleRequest) {
    const item = request.item ?? Role.fromPartial({});
    checkCreate(new FieldErrors(), item)
      .require(isScopeId(item.scope_id), 'scope_id', 'This field is missing or improperly formatted.')
      .require(item.principals.length === 0, 'principals', 'This is a read only field.')
      .require(item.grants.length === 0, 'grant_strings', 'This is a read only field.')
      .throwIfAny();
    const scope = await scopeNode(this.deps.db.executor, item.scope_id);
    const may = await this.deps.authz.check(op, 'create', collectionIn('role', scope));
    const allowed = toMake(may, newId(ROLE_PREFIX));
    const now = this.deps.clock.now();
    const [name, description] = [storedText(item.name), storedText(item.description)];
    await transaction(this.deps.db, now, (tx) => store.insertRole(tx, allowed, { name, description, now }));
    return this.access.answer(op, allowed);
  }

  async updateRole(op: Op, request: UpdateRoleRequest) {
    const errors = checkUpdate(new FieldErrors(), request, [ROLE_PREFIX]);
    for (const name of ['principal_ids', 'principals', 'grant_strings', 'grants'] as const) {
      errors.require((request.item?.[name] ?? []).length === 0, name, READ_ONLY_IN_UPDATE);
    }
    errors.throwIfAny();
    const { allowed } = await this.access.allow(op, 'update', request.id);
    const item = request.item!;
    const columns = maskedColumns(request.update_mask!, MUTABLE, (path) =>
      storedText(item[path as 'name' | 'description']),
    );
    const now = this.deps.clock.now();
    const change = { version: item.version, columns, now };
    const done = await transaction(this.deps.db, now, (tx) => store.updateRole(tx, allowed, change));
    if (!done) throw staleVersion('Role', request.id);
    return this.access.answer(op, allowed);
  }

  async deleteRole(op: Op, { id }: DeleteRoleRequest) {
    checkDeleteId(id, ROLE_PREFIX);
    const { allowed } = await this.access.allow(op, 'delete', id);
    await transaction(this.deps.db, this.deps.clock.now(), (tx) => store.deleteRole(tx, allowed));
    return {};
  }
}

export function roleService(deps: ControllerDeps) {
  const rpc = new RoleRpc(deps);
  return service(RoleServiceDefinition, {
    getRole: (op, request) => rpc.getRole(op, request),
    listRoles: (op, request) => rpc.listRoles(op, request),
    createRole: (op, request) => rpc.createRole(op, request),
    updateRole: (op, request) => rpc.updateRole(op, request),
    deleteRole: (op, request) => rpc.deleteRole(op, request),
    addRolePrincipals: (op, request) => rpc.principals(op, 'add', request),
    setRolePrincipals: (op, request) => rpc.principals(op, 'set', request),
    removeRolePrincipals: (op, request) => rpc.principals(op, 'remove', request),
    addRoleGrants: (op, request) => rpc.grants(op, 'add', request),
    setRoleGrants: (op, request) => rpc.grants(op, 'set', request),
    removeRoleGrants: (op, request) => rpc.grants(op, 'remove', request),
    addRoleGrantScopes: (op, request) => rpc.grantScopes(op, 'add', request),
    setRoleGrantScopes: (op, request) => rpc.grantScopes(op, 'set', request),
    removeRoleGrantScopes: (op, request) => rpc.grantScopes(op, 'remove', request),
  });
}

const checkEdit = (kind: Edit, request: EditRequest, field: string, values: readonly string[]): FieldErrors =>
  checkListEdit(request, [ROLE_PREFIX], { field, values, mayBeEmpty: kind === 'set' });
