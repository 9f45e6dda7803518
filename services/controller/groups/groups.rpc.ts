/** Handlers of GroupService: decode, look up, authorize, one store call, encode. */
import { isIdOf } from '../../../lib/contract/id-prefixes';
import { invalidArgument } from '../../../lib/errors/errors';
import { newId } from '../../../lib/ids/ids';
import { Group, GroupServiceDefinition } from '../../../proto/gen/api/groups';
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
  isScopeId,
  maskedColumns,
  MESSAGE,
  storedText,
  unique,
} from '../resources/fields';
import { itemAccess, type ItemAccess, type ItemDefinition } from '../resources/items';
import { listChanges, verbOf, type ListChanges, type ListEdit } from '../resources/list-edits';
import { staleVersion } from '../resources/rows';
import { collectionIn, listInScopes, scopeNode } from '../resources/scope-lists';
import { service, type Op } from '../rpc/service';
import { GROUP_ACTIONS, groupItem, GROUP_PREFIX, groupResource, type GroupRow } from './groups';
import * as store from './groups.store';

const definition: ItemDefinition<'group', GroupRow, ReturnType<typeof groupItem>> = {
  type: 'group',
  find: store.findGroup,
  select: store.selectGroups,
  from: sql`from groups r`,
  resource: groupResource,
  actions: () => GROUP_ACTIONS,
  item: groupItem,
  toJSON: (item) => Group.toJSON(Group.fromPartial(item)),
};

const MUTABLE = { name: 'name', description: 'description' };
type Access = ItemAccess<'group', GroupRow, ReturnType<typeof groupItem>>;
type MemberEdit = ListEdit<'members'>;

/** The three edits of the member list; setting what is there already changes nothing. */
function memberEditor(deps: ControllerDeps, { allow, answer }: Access) {
  return async (op: Op, action: MemberEdit, request: { id: string; version: number; member_ids: string[] }) => {
    const wanted = unique(request.member_ids);
    checkMembers(request, wanted, action === 'set-members');
    const { row, allowed } = await allow(op, action, request.id);
    // The members that were read are those of the row's version: no other one may be changed by
    // them.
    if (row.version !== request.version) throw staleVersion('Group', request.id);
    const current = (row.members ?? []).map((member) => member.id);
    const changes = listChanges(verbOf(action), current, wanted);
    if (changes.added.length + changes.removed.length === 0) return answer(op, allowed);
    const now = deps.clock.now();
    await transaction(deps.db, now, async (tx) => {
      const change = { version: request.version, columns: {}, now };
      if (!(await store.updateGroup(tx, allowed, change))) throw staleVersion('Group', request.id);
      await applyMembers(tx, allowed, changes);
    });
    return answer(op, allowed);
  };
}

export function groupService(deps: ControllerDeps) {
  const access = itemAccess(deps, definition);
  const { allow, answer } = access;
  const editMembers = memberEditor(deps, access);

  return service(GroupServiceDefinition, {
    async getGroup(op, { id }) {
      checkGetId(id, GROUP_PREFIX);
      const { allowed } = await allow(op, 'read', id);
      return answer(op, allowed);
    },

    async listGroups(op, request) {
      new FieldErrors()
        .require(isScopeId(request.scope_id), 'scope_id', 'Incorrectly formatted identifier.')
        .throwIfAny(MESSAGE.identifier);
      return listInScopes(deps, op, definition, request);
    },

    async createGroup(op, request) {
      const item = request.item ?? Group.fromPartial({});
      checkCreate(new FieldErrors(), item)
        .require(isScopeId(item.scope_id), 'scope_id', 'This field is missing or improperly formatted.')
        .throwIfAny();
      const scope = await scopeNode(deps.db.executor, item.scope_id);
      const may = await deps.authz.check(op, 'create', collectionIn('group', scope));
      const allowed = toMake(may, newId(GROUP_PREFIX));
      const now = deps.clock.now();
      await transaction(deps.db, now, (tx) =>
        store.insertGroup(tx, allowed, {
          name: storedText(item.name),
          description: storedText(item.description),
          now,
        }),
      );
      return answer(op, allowed);
    },

    async updateGroup(op, request) {
      checkUpdate(new FieldErrors(), request, [GROUP_PREFIX]).throwIfAny();
      const { allowed } = await allow(op, 'update', request.id);
      const item = request.item!;
      const columns = maskedColumns(request.update_mask!, MUTABLE, (path) =>
        storedText(item[path as 'name' | 'description']),
      );
      const now = deps.clock.now();
      const done = await transaction(deps.db, now, (tx) =>
        store.updateGroup(tx, allowed, { version: item.version, columns, now }),
      );
      if (!done) throw staleVersion('Group', request.id);
      return answer(op, allowed);
    },

    async deleteGroup(op, { id }) {
      checkDeleteId(id, GROUP_PREFIX);
      const { allowed } = await allow(op, 'delete', id);
      await transaction(deps.db, deps.clock.now(), (tx) => store.deleteGroup(tx, allowed));
      return {};
    },

    addGroupMembers: (op, request) => editMembers(op, 'add-members', request),
    setGroupMembers: (op, request) => editMembers(op, 'set-members', request),
    removeGroupMembers: (op, request) => editMembers(op, 'remove-members', request),
  });
}

function checkMembers(request: { id: string; version: number }, ids: string[], mayBeEmpty: boolean): void {
  const errors = checkListEdit(request, [GROUP_PREFIX], { field: 'member_ids', values: ids, mayBeEmpty });
  for (const id of ids) {
    errors.require(isIdOf(id, 'user'), 'member_ids', `Must only contain valid user ids but found "${id}".`);
    errors.require(id !== 'u_recovery', 'member_ids', 'u_recovery cannot be assigned to a group.');
  }
  errors.throwIfAny(MESSAGE.fields);
}

async function applyMembers(
  tx: Tx,
  allowed: Allowed<'group', MemberEdit>,
  { added, removed }: ListChanges,
): Promise<void> {
  if (allowed.action !== 'add-members' && (await store.removeMembers(tx, allowed, removed)) !== removed.length) {
    throw invalidArgument('Unable to remove members from group: not all of them are members.', [
      { name: 'member_ids', description: 'Must only contain users that are members.' },
    ]);
  }
  if (allowed.action !== 'remove-members' && (await store.addMembers(tx, allowed, added)) !== added.length) {
    throw invalidArgument('Unable to add members to group: not all of them exist and are not members yet.', [
      { name: 'member_ids', description: 'Must only contain existing users that are not members yet.' },
    ]);
  }
}
