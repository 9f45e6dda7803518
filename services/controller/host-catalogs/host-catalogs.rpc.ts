/** HostCatalogService: the hosts and host sets of a project that belong together. */
import { subtypeOf } from '../../../lib/contract/id-prefixes';
import { invalidArgument } from '../../../lib/errors/errors';
import {
  HostCatalog,
  HostCatalogServiceDefinition,
  type CreateHostCatalogRequest,
} from '../../../proto/gen/api/host_catalogs';
import { collectionsOfChildren } from '../authz/actions';
import { authorizedCollectionActions } from '../authz/collections';
import type { ControllerDeps } from '../context';
import { defineItems } from '../resources/definition';
import { checkShortText, type FieldErrors } from '../resources/fields';
import { inScopes } from '../resources/places';
import { resource, type Updating } from '../resources/resource';
import { service } from '../rpc/service';
import * as store from './host-catalogs.store';

const definitionFor = (deps: ControllerDeps) =>
  defineItems('host-catalog', HostCatalog, {
    find: store.findHostCatalog,
    select: store.selectHostCatalogs,
    async extra(op, { id, type, scope_id, scope }: store.HostCatalogRow) {
      const at = { scopeId: scope_id, parentScopeId: scope.parent_scope_id, pin: id };
      const children = collectionsOfChildren('host-catalog', type);
      return { authorized_collection_actions: await authorizedCollectionActions(deps.authz, op, children, at) };
    },
  });

const update: Updating<'host-catalog', store.HostCatalogRow, HostCatalog, void> = {
  read(errors, { id, item, update_mask = [] }) {
    const sent = item?.type ?? '';
    errors.require(sent === '' || sent === subtypeOf(id, 'host-catalog'), 'type', 'Cannot modify resource type.');
    checkShortText(errors, { name: item?.name });
    errors.throwIfAny();
    refuseWorkerFilter(update_mask);
  },
};

export const hostCatalogService = (deps: ControllerDeps) =>
  service(
    HostCatalogServiceDefinition,
    resource(deps, HostCatalogServiceDefinition, {
      definition: definitionFor(deps),
      message: HostCatalog,
      place: inScopes('host-catalog', { create: 'This field must be a valid project scope id.' }),
      create: {
        read: (errors, item, request) =>
          checkNewCatalog(errors, item, (request as CreateHostCatalogRequest).plugin_name),
        columns: () => ({ type: 'static' }),
      },
      update,
    }).handlers,
  );

/**
 * Static catalogs take `plugin_id` and `worker_filter` without a word, as existing clients send
 * them.
 */
function checkNewCatalog(errors: FieldErrors, item: HostCatalog, pluginName: string): void {
  errors.require(
    item.type === 'static' || item.type === 'plugin',
    'type',
    'This is a required field and must be either "static" or "plugin".',
  );
  if (item.type === 'plugin') refusePlugin(errors, item, pluginName);
  checkShortText(errors, { name: item.name });
}

/** This program runs no plugins: whichever is named is unknown. */
function refusePlugin(errors: FieldErrors, { plugin_id, worker_filter }: HostCatalog, name: string): void {
  const unknown = 'There is no such plugin: this controller runs none. Use a catalog of type "static".';
  if (plugin_id === '' && name === '') {
    errors.add('plugin_id', 'This or plugin name is a required field.');
    errors.add('plugin_name', 'This or plugin id is a required field.');
  } else if (plugin_id !== '' && name !== '') {
    errors.add('plugin_id', "Can't set the plugin name field along with this field.");
    errors.add('plugin_name', "Can't set the plugin id field along with this field.");
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
