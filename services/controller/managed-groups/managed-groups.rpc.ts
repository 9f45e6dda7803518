/** Handlers of ManagedGroupService: decode, look up, authorize, one store call, encode. */
import { newIdOf } from '../../../lib/contract/id-prefixes';
import { limit } from '../../../lib/limits/limit';
import { compileFilter, FilterSyntaxError } from '../../../lib/filter/filter';
import {
  ManagedGroup,
  ManagedGroupServiceDefinition,
  type UpdateManagedGroupRequest,
} from '../../../proto/gen/api/managed_groups';
import { typeOfMethodId } from '../auth-methods/auth-methods';
import { findAuthMethod } from '../auth-methods/auth-methods.store';
import { toMake } from '../authz/proof';
import { existing } from '../authz/refusal';
import type { ControllerDeps } from '../context';
import { sql, transaction } from '../db/db';
import { maskWithAttributes, readAttributes } from '../resources/attributes';
import { changing } from '../resources/changes';
import {
  checkCreate,
  checkShortText,
  checkDeleteId,
  checkGetId,
  checkUpdate,
  FieldErrors,
  MESSAGE,
  maskedColumns,
  storedText,
  unique,
} from '../resources/fields';
import { itemAccess, type ItemDefinition } from '../resources/items';
import { listBelow } from '../resources/child-lists';
import { staleVersion } from '../resources/rows';
import { service } from '../rpc/service';
import {
  MANAGED_GROUP_ACTIONS,
  MANAGED_GROUP_PREFIXES,
  managedGroupItem,
  managedGroupResource,
  typeOfManagedGroupId,
  type ManagedGroupRow,
  type ManagedGroupType,
} from './managed-groups';
import * as store from './managed-groups.store';

const definition: ItemDefinition<'managed-group', ManagedGroupRow, ReturnType<typeof managedGroupItem>> = {
  type: 'managed-group',
  find: store.findManagedGroup,
  select: store.selectManagedGroups,
  from: sql`from managed_groups r`,
  long: ['description', 'filter'],
  resource: managedGroupResource,
  actions: () => MANAGED_GROUP_ACTIONS,
  filterMessage: MESSAGE.request,
  item: managedGroupItem,
  toJSON: (item) => ManagedGroup.toJSON(ManagedGroup.fromPartial(item)),
};

const REQUIRED = 'This field is required.';
const KNOWN = { oidc: { filter: 'text' }, ldap: { group_names: 'texts' } } as const;
const MUTABLE = {
  oidc: { name: 'name', description: 'description', 'attributes.filter': 'filter' },
  ldap: { name: 'name', description: 'description', 'attributes.group_names': 'group_names' },
} as const;
/** Names of one group, and characters of one name. */
const MAX_GROUP_NAMES = limit('names of a managed group', 1_000, {
  what: 'names of groups of a directory in a managed group; together at most the bytes of a field of a request',
  unit: 'names',
  reached: '400, naming the field',
  test: 'test/integration/text-limits.test.ts: every text has its longest',
});
const MAX_GROUP_NAME = limit('name of a group of a directory', 1_024, {
  what: 'one of these names',
  unit: 'characters',
  reached: '400, naming the field',
  test: 'test/integration/text-limits.test.ts: every text has its longest',
});

/** Managed groups of an auth method, as a resource to authorize. */
async function groupsOf(deps: ControllerDeps, authMethodId: string) {
  const method = existing(await findAuthMethod(deps.db.executor, authMethodId));
  const { id: pin, scope_id: scopeId, scope } = method;
  return { type: 'managed-group' as const, scopeId, parentScopeId: scope.parent_scope_id, pin };
}

export function managedGroupService(deps: ControllerDeps) {
  const { allow, shown, answer } = itemAccess(deps, definition);

  return service(ManagedGroupServiceDefinition, {
    async getManagedGroup(op, { id }) {
      checkGetId(id, ...MANAGED_GROUP_PREFIXES);
      const { row, allowed } = await allow(op, 'read', id);
      return shown(op, allowed, row);
    },

    async listManagedGroups(op, request) {
      const { auth_method_id } = request;
      new FieldErrors()
        .require(hasGroups(auth_method_id), 'auth_method_id', 'Invalid formatted identifier.')
        .throwIfAny();
      const allowed = await deps.authz.check(op, 'list', await groupsOf(deps, auth_method_id));
      return listBelow(deps, op, definition, { allowed, column: 'auth_method_id' }, request);
    },

    async createManagedGroup(op, request) {
      const item = request.item ?? ManagedGroup.fromPartial({});
      const { type, rule } = checkedCreate(item);
      const collection = await groupsOf(deps, item.auth_method_id);
      const may = await deps.authz.check(op, 'create', collection);
      const allowed = toMake(may, newIdOf('managed-group', type));
      const now = deps.clock.now();
      const [name, description] = [storedText(item.name), storedText(item.description)];
      const group = { type, now, name, description, ...rule };
      await changing(deps.db, now, (tx) => store.insertManagedGroup(tx, allowed, group));
      return answer(op, allowed);
    },

    async updateManagedGroup(op, request) {
      const { type, mask, rule } = checkedUpdate(request);
      const { allowed } = await allow(op, 'update', request.id);
      const item = request.item!;
      const columns = maskedColumns(mask, MUTABLE[type], (path) =>
        path.startsWith('attributes.') ? (rule.filter ?? rule.group_names) : storedText(item[path as 'name']),
      );
      const now = deps.clock.now();
      const change = { version: item.version, columns, now };
      const done = await changing(deps.db, now, (tx) => store.updateManagedGroup(tx, allowed, change));
      if (!done) throw staleVersion('Managed Group', request.id);
      return answer(op, allowed);
    },

    async deleteManagedGroup(op, { id }) {
      checkDeleteId(id, ...MANAGED_GROUP_PREFIXES);
      const { allowed } = await allow(op, 'delete', id);
      await transaction(deps.db, deps.clock.now(), (tx) => store.deleteManagedGroup(tx, allowed));
      return {};
    },
  });
}

/** Whether an auth method of that id has managed groups. */
const hasGroups = (id: string): boolean => ['oidc', 'ldap'].includes(typeOfMethodId(id) ?? '');

/** Who belongs to the group: one of the two is set. */
interface Rule {
  filter: string | null;
  group_names: string[] | null;
}

function checkedCreate(item: ManagedGroup): { type: ManagedGroupType; rule: Rule } {
  const methodType = typeOfMethodId(item.auth_method_id);
  const type = methodType === 'ldap' ? 'ldap' : 'oidc';
  const known = methodType === 'oidc' || methodType === 'ldap';
  const errors = checkCreate(new FieldErrors(), item);
  checkShortText(errors, item);
  errors.require(known, 'auth_method_id', 'Unknown auth method type from ID.');
  errors.require(!known || !item.type || item.type === type, 'type', "Doesn't match the parent resource's type.");
  errors.require(item.member_ids.length === 0, 'member_ids', 'This is a read only field.');
  const rule = known ? readRule(errors, type, item.attributes, REQUIRED) : { filter: null, group_names: null };
  errors.throwIfAny();
  return { type, rule };
}

function checkedUpdate(request: UpdateManagedGroupRequest): { type: ManagedGroupType; mask: string[]; rule: Rule } {
  const type = typeOfManagedGroupId(request.id);
  const item = request.item ?? ManagedGroup.fromPartial({});
  const errors = checkUpdate(new FieldErrors(), request, MANAGED_GROUP_PREFIXES);
  checkShortText(errors, item);
  errors.require(!item.type || item.type === type, 'type', 'Cannot modify the resource type.');
  const mask = maskWithAttributes(request.update_mask ?? [], KNOWN[type]);
  const named = mask.some((path) => path === 'attributes.filter' || path === 'attributes.group_names');
  const rule = readRule(errors, type, item.attributes, named ? 'Field cannot be empty.' : undefined);
  errors.throwIfAny();
  return { type, mask, rule };
}

function readRule(
  errors: FieldErrors,
  type: ManagedGroupType,
  given: Record<string, unknown> | undefined,
  ifMissing: string | undefined,
): Rule {
  if (type === 'oidc') {
    const filter = readAttributes(given, KNOWN.oidc).filter?.trim() || null;
    errors.require(ifMissing === undefined || filter !== null, 'attributes.filter', ifMissing ?? '');
    if (filter !== null) checkFilter(errors, filter);
    return { filter, group_names: null };
  }
  const field = 'attributes.group_names';
  const names = unique(readAttributes(given, KNOWN.ldap).group_names ?? []);
  errors.require(ifMissing === undefined || names.length > 0, field, ifMissing ?? '');
  errors.require(names.length <= MAX_GROUP_NAMES, field, `Must have at most ${MAX_GROUP_NAMES} names.`);
  const fit = names.every((name) => name !== '' && name.length <= MAX_GROUP_NAME);
  errors.require(fit, field, `Names must have 1 to ${MAX_GROUP_NAME} characters.`);
  return { filter: null, group_names: names.length > 0 ? names : null };
}

function checkFilter(errors: FieldErrors, filter: string): void {
  try {
    compileFilter(filter);
  } catch (error) {
    if (!(error instanceof FilterSyntaxError)) throw error;
    errors.add('attributes.filter', `Error evaluating submitted filter expression: ${error.message}.`);
  }
}
