/** Handlers of HostCatalogService: decode, look up, authorize, one store call, encode. */
import { isIdOf } from '../../../lib/contract/id-prefixes';
import { invalidArgument } from '../../../lib/errors/errors';
import { hasIdForm, newId } from '../../../lib/ids/ids';
import { HostCatalog, HostCatalogServiceDefinition } from '../../../proto/gen/api/host_catalogs';
import { authorizedCollectionActions } from '../authz/collections';
import { toMake } from '../authz/proof';
import type { ControllerDeps } from '../context';
import { sql, transaction } from '../db/db';
import { changing } from '../resources/changes';
import {
  checkCreate,
  checkShortText,
  checkDeleteId,
  checkGetId,
  checkUpdate,
  FieldErrors,
  maskedColumns,
  storedText,
} from '../resources/fields';
import { itemAccess, type ItemDefinition } from '../resources/items';
import { staleVersion } from '../resources/rows';
import { checkProjectList, collectionIn, listInScopes, scopeNode } from '../resources/scope-lists';
import { service, type Op } from '../rpc/service';
import {
  collectionsBelow,
  HOST_CATALOG_ACTIONS,
  HOST_CATALOG_PREFIXES,
  hostCatalogItem,
  hostCatalogResource,
  STATIC_HOST_CATALOG_PREFIX,
  type HostCatalogRow,
} from './host-catalogs';
import * as store from './host-catalogs.store';

const MUTABLE = { name: 'name', description: 'description' };

function definitionFor(
  deps: ControllerDeps,
): ItemDefinition<'host-catalog', HostCatalogRow, ReturnType<typeof hostCatalogItem>> {
  const collections = async (op: Op, row: HostCatalogRow) => {
    const at = { scopeId: row.scope_id, parentScopeId: row.scope.parent_scope_id, pin: row.id };
    const below = await authorizedCollectionActions(deps.authz, op, collectionsBelow(row), at);
    return { authorized_collection_actions: below };
  };
  return {
    type: 'host-catalog',
    find: store.findHostCatalog,
    select: store.selectHostCatalogs,
    from: sql`from host_catalogs r`,
    resource: hostCatalogResource,
    actions: () => HOST_CATALOG_ACTIONS,
    item: hostCatalogItem,
    extra: collections,
    toJSON: (item) => HostCatalog.toJSON(HostCatalog.fromPartial(item)),
  };
}

export function hostCatalogService(deps: ControllerDeps) {
  const definition = definitionFor(deps);
  const { allow, shown, answer } = itemAccess(deps, definition);

  return service(HostCatalogServiceDefinition, {
    async getHostCatalog(op, { id }) {
      checkGetId(id, ...HOST_CATALOG_PREFIXES);
      const { row, allowed } = await allow(op, 'read', id);
      return shown(op, allowed, row);
    },

    async listHostCatalogs(op, request) {
      checkProjectList(request);
      return listInScopes(deps, op, definition, request);
    },

    async createHostCatalog(op, request) {
      const item = request.item ?? HostCatalog.fromPartial({});
      checkNewCatalog(item, request.plugin_name);
      const scope = await scopeNode(deps.db.executor, item.scope_id);
      const may = await deps.authz.check(op, 'create', collectionIn('host-catalog', scope));
      const allowed = toMake(may, newId(STATIC_HOST_CATALOG_PREFIX));
      const now = deps.clock.now();
      await changing(deps.db, now, (tx) =>
        store.insertHostCatalog(tx, allowed, {
          name: storedText(item.name),
          description: storedText(item.description),
          now,
        }),
      );
      return answer(op, allowed);
    },

    async updateHostCatalog(op, request) {
      const errors = new FieldErrors();
      const sent = request.item?.type ?? '';
      errors.require(sent === '' || sent === typeById(request.id), 'type', 'Cannot modify resource type.');
      checkShortText(errors, { name: request.item?.name });
      checkUpdate(errors, request, HOST_CATALOG_PREFIXES).throwIfAny();
      refuseWorkerFilter(request.update_mask!);
      const { allowed } = await allow(op, 'update', request.id);
      const item = request.item!;
      const columns = maskedColumns(request.update_mask!, MUTABLE, (path) =>
        storedText(item[path as keyof typeof MUTABLE]),
      );
      const now = deps.clock.now();
      const change = { version: item.version, columns, now };
      if (!(await changing(deps.db, now, (tx) => store.updateHostCatalog(tx, allowed, change)))) {
        throw staleVersion('Host Catalog', request.id);
      }
      return answer(op, allowed);
    },

    async deleteHostCatalog(op, { id }) {
      checkDeleteId(id, ...HOST_CATALOG_PREFIXES);
      const { allowed } = await allow(op, 'delete', id);
      await transaction(deps.db, deps.clock.now(), (tx) => store.deleteHostCatalog(tx, allowed));
      return {};
    },
  });
}

const typeById = (id: string): string => (hasIdForm(id, STATIC_HOST_CATALOG_PREFIX) ? 'static' : 'plugin');

/**
 * Static catalogs take `plugin_id` and `worker_filter` without a word; existing clients send them.
 */
function checkNewCatalog(item: HostCatalog, pluginName: string): void {
  const errors = new FieldErrors();
  errors.require(isIdOf(item.scope_id, 'scope', 'project'), 'scope_id', 'This field must be a valid project scope id.');
  errors.require(
    item.type === 'static' || item.type === 'plugin',
    'type',
    'This is a required field and must be either "static" or "plugin".',
  );
  if (item.type === 'plugin') refusePlugin(errors, item, pluginName);
  checkShortText(errors, { name: item.name });
  checkCreate(errors, item).throwIfAny();
}

/** This program runs no plugins: whichever is named is unknown. */
function refusePlugin(errors: FieldErrors, { plugin_id, worker_filter }: HostCatalog, name: string): void {
  const unknown = 'There is no such plugin: this controller runs none. Use a catalog of type "static".';
  if (plugin_id === '' && name === '') {
    errors.add('plugin_id', 'This or plugin name is a required field.');
    errors.add('plugin_name', 'This or plugin id is a required field.');
  } else if (plugin_id !== '' && name !== '') {
    errors.add('plugin_id', "Can't be set together with plugin name.");
    errors.add('plugin_name', "Can't be set together with plugin id.");
  } else {
    errors.add(name === '' ? 'plugin_id' : 'plugin_name', unknown);
  }
  errors.require(worker_filter === '', 'worker_filter', 'Worker Filter field is not supported in OSS');
}

function refuseWorkerFilter(mask: readonly string[]): void {
  if (!mask.includes('worker_filter')) return;
  throw invalidArgument('Error in provided request', [
    { name: 'update_mask', description: 'Invalid update mask provided.' },
  ]);
}
