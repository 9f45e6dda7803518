/** Handlers of HostService: decode, look up, authorize, one store call, encode. */
import { isIdOf } from '../../../lib/contract/id-prefixes';
import { hasIdForm, newId } from '../../../lib/ids/ids';
import { Host, HostServiceDefinition, type UpdateHostRequest } from '../../../proto/gen/api/hosts';
import { toMake } from '../authz/proof';
import { existing } from '../authz/refusal';
import type { ControllerDeps } from '../context';
import { sql, transaction } from '../db/db';
import { collectionInCatalog, HOST_CATALOG_PREFIXES, STATIC_HOST_CATALOG_PREFIX } from '../host-catalogs/host-catalogs';
import { findHostCatalog } from '../host-catalogs/host-catalogs.store';
import { readAddress } from '../resources/address';
import { maskWithAttributes, readAttributes } from '../resources/attributes';
import { changing } from '../resources/changes';
import {
  checkCreate,
  checkDeleteId,
  checkGetId,
  checkUpdate,
  FieldErrors,
  maskedColumns,
  MESSAGE,
  storedText,
} from '../resources/fields';
import { itemAccess, type ItemDefinition } from '../resources/items';
import { listBelow } from '../resources/child-lists';
import { staleVersion } from '../resources/rows';
import { service } from '../rpc/service';
import {
  HOST_ACTIONS,
  HOST_ATTRIBUTES,
  HOST_PREFIXES,
  hostItem,
  hostResource,
  STATIC_HOST_PREFIX,
  type HostRow,
} from './hosts';
import * as store from './hosts.store';

const definition: ItemDefinition<'host', HostRow, ReturnType<typeof hostItem>> = {
  type: 'host',
  find: store.findHost,
  select: store.selectHosts,
  from: sql`from hosts r`,
  resource: hostResource,
  actions: () => HOST_ACTIONS,
  item: hostItem,
  toJSON: (item) => Host.toJSON(Host.fromPartial(item)),
};

const MUTABLE = { name: 'name', description: 'description', 'attributes.address': 'address' };

export function hostService(deps: ControllerDeps) {
  const { allow, shown, answer } = itemAccess(deps, definition);

  /** The hosts of a catalog, as a resource to authorize. */
  async function hostsOf(catalogId: string) {
    const catalog = existing(await findHostCatalog(deps.db.executor, catalogId));
    return collectionInCatalog('host', catalog);
  }

  return service(HostServiceDefinition, {
    async getHost(op, { id }) {
      checkGetId(id, ...HOST_PREFIXES);
      const { row, allowed } = await allow(op, 'read', id);
      return shown(op, allowed, row);
    },

    async listHosts(op, request) {
      new FieldErrors()
        .require(
          hasIdForm(request.host_catalog_id, ...HOST_CATALOG_PREFIXES),
          'host_catalog_id',
          'The field is incorrectly formatted.',
        )
        .throwIfAny(MESSAGE.identifier);
      const allowed = await deps.authz.check(op, 'list', await hostsOf(request.host_catalog_id));
      return listBelow(deps, op, definition, { allowed, column: 'host_catalog_id' }, request);
    },

    async createHost(op, request) {
      const item = request.item ?? Host.fromPartial({});
      const address = checkNewHost(item);
      const may = await deps.authz.check(op, 'create', await hostsOf(item.host_catalog_id));
      const allowed = toMake(may, newId(STATIC_HOST_PREFIX));
      const now = deps.clock.now();
      const [name, description] = [storedText(item.name), storedText(item.description)];
      await changing(deps.db, now, (tx) => store.insertHost(tx, allowed, { name, description, address, now }));
      return answer(op, allowed);
    },

    async updateHost(op, request) {
      const mask = maskWithAttributes(request.update_mask ?? [], HOST_ATTRIBUTES);
      const address = checkHostChange(request, mask);
      const { allowed } = await allow(op, 'update', request.id);
      const item = request.item!;
      const columns = maskedColumns(mask, MUTABLE, (path) =>
        path === 'attributes.address' ? address : storedText(item[path as 'name' | 'description']),
      );
      const now = deps.clock.now();
      const change = { version: item.version, columns, now };
      if (!(await changing(deps.db, now, (tx) => store.updateHost(tx, allowed, change)))) {
        throw staleVersion('Host', request.id);
      }
      return answer(op, allowed);
    },

    async deleteHost(op, { id }) {
      new FieldErrors().require(!isPluginHost(id), 'id', 'Cannot manually delete this type of host.').throwIfAny();
      checkDeleteId(id, STATIC_HOST_PREFIX);
      const { allowed } = await allow(op, 'delete', id);
      await transaction(deps.db, deps.clock.now(), (tx) => store.deleteHost(tx, allowed));
      return {};
    },
  });
}

const isPluginHost = (id: string): boolean => isIdOf(id, 'host', 'plugin');

/** Address of the item; reports a missing one if it is needed. */
function addressOf(errors: FieldErrors, item: Host, needed: boolean): string | undefined {
  const attributes = readAttributes(item.attributes, HOST_ATTRIBUTES);
  if (!needed) return undefined;
  const portRefused = 'Address for static hosts does not support a port.';
  return readAddress(errors, 'attributes.address', attributes.address ?? '', portRefused);
}

/** Fields that plugins fill. */
function checkPluginFields(errors: FieldErrors, item: Host): void {
  const unsupported = 'This field is not supported for this host type.';
  errors.require(item.ip_addresses.length === 0, 'ip_addresses', unsupported);
  errors.require(item.dns_names.length === 0, 'dns_names', unsupported);
}

function checkNewHost(item: Host): string {
  const errors = new FieldErrors();
  const catalog = item.host_catalog_id;
  const plugin = isIdOf(catalog, 'host-catalog', 'plugin');
  errors.require(!plugin, 'host_catalog_id', 'Cannot manually create hosts for this type of catalog.');
  const fits = hasIdForm(catalog, STATIC_HOST_CATALOG_PREFIX);
  errors.require(fits, 'host_catalog_id', 'The field is incorrectly formatted.');
  errors.require(['', 'static'].includes(item.type), 'type', "Doesn't match the parent resource's type.");
  const address = addressOf(errors, item, true);
  checkPluginFields(errors, item);
  checkCreate(errors, item).throwIfAny();
  return address!;
}

function checkHostChange(request: UpdateHostRequest, mask: readonly string[]): string | undefined {
  const errors = new FieldErrors();
  const item = request.item ?? Host.fromPartial({});
  errors.require(['', 'static'].includes(item.type), 'type', 'Cannot modify the resource type.');
  const address = addressOf(errors, item, mask.includes('attributes.address'));
  checkPluginFields(errors, item);
  errors.require(!isPluginHost(request.id), 'id', 'Cannot modify this type of host.');
  checkUpdate(errors, request, [STATIC_HOST_PREFIX]).throwIfAny();
  return address;
}
