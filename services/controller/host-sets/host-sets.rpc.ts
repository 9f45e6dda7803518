/** Handlers of HostSetService: decode, look up, authorize, one store call, encode. */
import { invalidArgument } from '../../../lib/errors/errors';
import { hasIdForm, newId } from '../../../lib/ids/ids';
import { HostSet, HostSetServiceDefinition, type UpdateHostSetRequest } from '../../../proto/gen/api/host_sets';
import type { Allowed } from '../authz/authz';
import { toMake } from '../authz/proof';
import { existing, notFound } from '../authz/refusal';
import type { ControllerDeps } from '../context';
import { sql, transaction, type Tx } from '../db/db';
import { collectionInCatalog, HOST_CATALOG_PREFIXES, STATIC_HOST_CATALOG_PREFIX } from '../host-catalogs/host-catalogs';
import { findHostCatalog } from '../host-catalogs/host-catalogs.store';
import { STATIC_HOST_PREFIX } from '../hosts/hosts';
import { changing } from '../resources/changes';
import {
  checkCreate,
  checkDeleteId,
  checkGetId,
  checkListEdit,
  checkUpdate,
  FieldErrors,
  maskedColumns,
  MESSAGE,
  sameSet,
  storedText,
  unique,
} from '../resources/fields';
import { itemAccess, type ItemAccess, type ItemDefinition } from '../resources/items';
import { listBelow } from '../resources/child-lists';
import { listChanges, verbOf, type ListEdit, type ListVerb } from '../resources/list-edits';
import { staleVersion } from '../resources/rows';
import { service, type Op } from '../rpc/service';
import {
  HOST_SET_ACTIONS,
  HOST_SET_PREFIXES,
  hostSetItem,
  hostSetResource,
  STATIC_HOST_SET_PREFIX,
  type HostSetRow,
} from './host-sets';
import * as store from './host-sets.store';

const definition: ItemDefinition<'host-set', HostSetRow, ReturnType<typeof hostSetItem>> = {
  type: 'host-set',
  find: store.findHostSet,
  select: store.selectHostSets,
  from: sql`from host_sets r`,
  resource: hostSetResource,
  actions: () => HOST_SET_ACTIONS,
  item: hostSetItem,
  toJSON: (item) => HostSet.toJSON(HostSet.fromPartial(item)),
};

const MUTABLE = { name: 'name', description: 'description' };

type Access = ItemAccess<'host-set', HostSetRow, ReturnType<typeof hostSetItem>>;

/** The host sets of a catalog, as a resource to authorize. */
async function setsOf(deps: ControllerDeps, catalogId: string) {
  const catalog = existing(await findHostCatalog(deps.db.executor, catalogId));
  return collectionInCatalog('host-set', catalog);
}

/** The three actions on the hosts of a set. */
const hostEditor =
  (deps: ControllerDeps, { allow, shown, answer }: Access) =>
  async (op: Op, verb: ListVerb, request: { id: string; version: number; host_ids: string[] }) => {
    const wanted = unique(request.host_ids);
    checkHosts(request, wanted, verb === 'set');
    const { row, allowed } = await allow(op, `${verb}-hosts`, request.id);
    const same = verb === 'set' && row.version === request.version && sameSet(row.host_ids ?? [], wanted);
    if (same) return shown(op, allowed, row);
    const now = deps.clock.now();
    await changing(deps.db, now, async (tx) => {
      const change = { version: request.version, columns: {}, now };
      if (!(await store.updateHostSet(tx, allowed, change))) {
        throw notFound('Unable to find requested resource.');
      }
      await applyHosts(tx, allowed, wanted);
    });
    return answer(op, allowed);
  };

export function hostSetService(deps: ControllerDeps) {
  const access = itemAccess(deps, definition);
  const { allow, shown, answer } = access;
  const editHosts = hostEditor(deps, access);

  return service(HostSetServiceDefinition, {
    async getHostSet(op, { id }) {
      checkGetId(id, ...HOST_SET_PREFIXES);
      const { row, allowed } = await allow(op, 'read', id);
      return shown(op, allowed, row);
    },

    async listHostSets(op, request) {
      new FieldErrors()
        .require(
          hasIdForm(request.host_catalog_id, ...HOST_CATALOG_PREFIXES),
          'host_catalog_id',
          'The field is incorrectly formatted.',
        )
        .throwIfAny(MESSAGE.identifier);
      const allowed = await deps.authz.check(op, 'list', await setsOf(deps, request.host_catalog_id));
      return listBelow(deps, op, definition, { allowed, column: 'host_catalog_id' }, request);
    },

    async createHostSet(op, request) {
      const item = request.item ?? HostSet.fromPartial({});
      checkNewSet(item);
      const may = await deps.authz.check(op, 'create', await setsOf(deps, item.host_catalog_id));
      const allowed = toMake(may, newId(STATIC_HOST_SET_PREFIX));
      const now = deps.clock.now();
      const [name, description] = [storedText(item.name), storedText(item.description)];
      await changing(deps.db, now, (tx) => store.insertHostSet(tx, allowed, { name, description, now }));
      return answer(op, allowed);
    },

    async updateHostSet(op, request) {
      checkSetChange(request);
      const { allowed } = await allow(op, 'update', request.id);
      const item = request.item!;
      const columns = maskedColumns(request.update_mask!, MUTABLE, (path) =>
        storedText(item[path as keyof typeof MUTABLE]),
      );
      const now = deps.clock.now();
      const change = { version: item.version, columns, now };
      if (!(await changing(deps.db, now, (tx) => store.updateHostSet(tx, allowed, change)))) {
        throw staleVersion('Host Set', request.id);
      }
      return answer(op, allowed);
    },

    async deleteHostSet(op, { id }) {
      checkDeleteId(id, ...HOST_SET_PREFIXES);
      const { allowed } = await allow(op, 'delete', id);
      await transaction(deps.db, deps.clock.now(), (tx) => store.deleteHostSet(tx, allowed));
      return {};
    },

    addHostSetHosts: (op, request) => editHosts(op, 'add', request),
    setHostSetHosts: (op, request) => editHosts(op, 'set', request),
    removeHostSetHosts: (op, request) => editHosts(op, 'remove', request),
  });
}

/**
 * Static sets take `sync_interval_seconds` and `attributes` without a word; existing clients send
 * them.
 */
function checkPluginFields(errors: FieldErrors, item: HostSet): void {
  const unsupported = 'This field is not yet supported for static host sets.';
  errors.require(item.preferred_endpoints.length === 0, 'preferred_endpoints', unsupported);
}

function checkNewSet(item: HostSet): void {
  const errors = new FieldErrors();
  errors.require(
    hasIdForm(item.host_catalog_id, STATIC_HOST_CATALOG_PREFIX),
    'host_catalog_id',
    'The field is incorrectly formatted.',
  );
  errors.require(['', 'static'].includes(item.type), 'type', "Doesn't match the parent resource's type.");
  checkPluginFields(errors, item);
  checkCreate(errors, item).throwIfAny();
}

function checkSetChange(request: UpdateHostSetRequest): void {
  const errors = new FieldErrors();
  const item = request.item ?? HostSet.fromPartial({});
  errors.require(['', 'static'].includes(item.type), 'type', 'Cannot modify resource type.');
  checkPluginFields(errors, item);
  checkUpdate(errors, request, HOST_SET_PREFIXES).throwIfAny();
}

function checkHosts(request: { id: string; version: number }, ids: string[], mayBeEmpty: boolean): void {
  const errors = checkListEdit(request, HOST_SET_PREFIXES, { field: 'host_ids', values: ids, mayBeEmpty });
  errors.require(
    ids.every((id) => hasIdForm(id, STATIC_HOST_PREFIX)),
    'host_ids',
    'Incorrectly formatted host identifier.',
  );
  errors.throwIfAny(MESSAGE.fields);
}

/** The set's row is locked by its update, so nobody else changes the members meanwhile. */
async function applyHosts(tx: Tx, allowed: Allowed<'host-set', ListEdit<'hosts'>>, wanted: string[]): Promise<void> {
  const current = allowed.action === 'set-hosts' ? await store.hostIdsOf(tx, allowed) : [];
  const { added, removed } = listChanges(verbOf(allowed.action), current, wanted);
  if (
    removed.length > 0 &&
    allowed.action !== 'add-hosts' &&
    (await store.removeHosts(tx, allowed, removed)) !== removed.length
  ) {
    throw invalidArgument('Unable to remove hosts from host set: not all of them are in it.', [
      { name: 'host_ids', description: 'Must only contain hosts that are in the set.' },
    ]);
  }
  if (
    added.length > 0 &&
    allowed.action !== 'remove-hosts' &&
    (await store.addHosts(tx, allowed, added)) !== added.length
  ) {
    throw invalidArgument('Unable to add hosts to host set: not all of them are hosts of its catalog.', [
      { name: 'host_ids', description: "Must only contain hosts of the set's catalog." },
    ]);
  }
}
