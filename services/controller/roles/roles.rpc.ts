/** RoleService: grants, the scopes that they reach, and the principals who hold them. */
import { Role, RoleServiceDefinition } from '../../../proto/gen/api/roles';
import type { AllowedEdit } from '../authz/authz';
import type { ControllerDeps } from '../context';
import { defineItems } from '../resources/definition';
import { checkListEdit, MESSAGE, READ_ONLY_IN_UPDATE, unique, type FieldErrors } from '../resources/fields';
import { editItem, type Plan } from '../resources/list-editors';
import { idPrefixes } from '../resources/noun-context';
import { inScopes } from '../resources/places';
import { resource } from '../resources/resource';
import { service, type Op } from '../rpc/service';
import { checkGrantScopes, checkPrincipals, readGrants, type Edit } from './grant-strings';
import { planGrants, planGrantScopes, planPrincipals, type EditedList } from './role-edits';
import { roleItem, type RoleRow } from './roles';
import * as store from './roles.store';

const definition = defineItems('role', Role, {
  find: store.findRole,
  select: store.selectRoles,
  item: roleItem,
});

interface EditRequest {
  id: string;
  version: number;
}

const roles = (deps: ControllerDeps) =>
  resource(deps, RoleServiceDefinition, {
    definition,
    message: Role,
    place: inScopes('role', {
      list: 'Improperly formatted field.',
      create: 'This field is missing or improperly formatted.',
    }),
    create: {
      read: (errors, { principals, grants }) =>
        void errors
          .require(principals.length === 0, 'principals', 'This is a read only field.')
          .require(grants.length === 0, 'grant_strings', 'This is a read only field.'),
      insert: store.insertRole,
    },
    update: {
      read(errors, { item }) {
        for (const name of ['principal_ids', 'principals', 'grant_strings', 'grants'] as const) {
          errors.require((item?.[name] ?? []).length === 0, name, READ_ONLY_IN_UPDATE);
        }
      },
    },
  });

/** Edits, whose values are read and planned in another way for each list. */
function edits(deps: ControllerDeps, { access }: ReturnType<typeof roles>) {
  const edit = <W extends EditedList>(
    op: Op,
    action: `${Edit}-${W}`,
    request: EditRequest,
    plan: (role: RoleRow, allowed: AllowedEdit<'role', W>) => Plan | Promise<Plan>,
  ) => editItem<'role', RoleRow, W>({ deps, access, type: 'role' }, op, action, request, plan);
  return {
    async principals(op: Op, kind: Edit, request: EditRequest & { principal_ids: string[] }) {
      const ids = unique(request.principal_ids);
      const errors = checkEdit(kind, request, 'principal_ids', ids);
      checkPrincipals(errors, ids);
      errors.throwIfAny(MESSAGE.fields);
      return edit<'principals'>(op, `${kind}-principals`, request, (role, allowed) =>
        planPrincipals(role, allowed, ids),
      );
    },

    async grants(op: Op, kind: Edit, request: EditRequest & { grant_strings: string[] }) {
      const errors = checkEdit(kind, request, 'grant_strings', request.grant_strings);
      const parsed = await readGrants(op, errors, kind, unique(request.grant_strings));
      errors.throwIfAny(MESSAGE.fields);
      return edit<'grants'>(op, `${kind}-grants`, request, (role, allowed) => planGrants(role, allowed, parsed));
    },

    async grantScopes(op: Op, kind: Edit, request: EditRequest & { grant_scope_ids: string[] }) {
      const values = unique(request.grant_scope_ids);
      const errors = checkEdit(kind, request, 'grant_scope_ids', values);
      checkGrantScopes(errors, values);
      errors.throwIfAny(MESSAGE.fields);
      return edit<'grant-scopes'>(op, `${kind}-grant-scopes`, request, (role, allowed) =>
        planGrantScopes(deps.db.executor, role, allowed, values),
      );
    },
  };
}

export function roleService(deps: ControllerDeps) {
  const made = roles(deps);
  const { principals, grants, grantScopes } = edits(deps, made);
  return service(RoleServiceDefinition, {
    ...made.handlers,
    addRolePrincipals: (op, request) => principals(op, 'add', request),
    setRolePrincipals: (op, request) => principals(op, 'set', request),
    removeRolePrincipals: (op, request) => principals(op, 'remove', request),
    addRoleGrants: (op, request) => grants(op, 'add', request),
    setRoleGrants: (op, request) => grants(op, 'set', request),
    removeRoleGrants: (op, request) => grants(op, 'remove', request),
    addRoleGrantScopes: (op, request) => grantScopes(op, 'add', request),
    setRoleGrantScopes: (op, request) => grantScopes(op, 'set', request),
    removeRoleGrantScopes: (op, request) => grantScopes(op, 'remove', request),
  });
}

const checkEdit = (kind: Edit, request: EditRequest, field: string, values: readonly string[]): FieldErrors =>
  checkListEdit(request, idPrefixes('role'), { field, values, mayBeEmpty: kind === 'set' });
