/** HostSetService: hosts of a catalog that targets can name as one source. */
import { isIdOf } from '../../../lib/contract/id-prefixes';
import { HostSet, HostSetServiceDefinition } from '../../../proto/gen/api/host_sets';
import type { ControllerDeps } from '../context';
import { findHostCatalog } from '../host-catalogs/host-catalogs.store';
import { defineItems } from '../resources/definition';
import type { FieldErrors } from '../resources/fields';
import type { ListHook } from '../resources/list-editors';
import { below } from '../resources/places';
import { resource } from '../resources/resource';
import { service } from '../rpc/service';
import * as store from './host-sets.store';

const definition = defineItems('host-set', HostSet, { find: store.findHostSet, select: store.selectHostSets });

const place = below('host-set', {
  find: findHostCatalog,
  fits: (id) => isIdOf(id, 'host-catalog'),
  texts: { list: 'The field is incorrectly formatted.', create: 'The field is incorrectly formatted.' },
});

const hosts: ListHook<'host-set', 'hosts', store.HostSetRow> = {
  check: (errors, ids, { id: set }) => {
    errors.require(isIdOf(set, 'host-set', 'static'), 'id', 'Incorrectly formatted identifier.');
    const fit = ids.every((id) => isIdOf(id, 'host', 'static'));
    errors.require(fit, 'host_ids', 'Incorrectly formatted host identifier.');
  },
  current: ({ host_ids = [] }) => host_ids,
  add: store.addHosts,
  remove: store.removeHosts,
  refused: {
    add: ['not all of them are hosts of its catalog.', "Must only contain hosts of the set's catalog."],
    remove: ['not all of them are in it.', 'Must only contain hosts that are in the set.'],
  },
};

export const hostSetService = (deps: ControllerDeps) =>
  service(
    HostSetServiceDefinition,
    resource(deps, HostSetServiceDefinition, {
      definition,
      message: HostSet,
      place,
      create: {
        read: (errors, item) => check(errors, item, "Doesn't match the parent resource's type."),
        columns: () => ({ type: 'static' }),
      },
      update: {
        read: (errors, { item = HostSet.fromPartial({}) }) => check(errors, item, 'Cannot modify the resource type.'),
      },
      lists: { hosts },
    }).handlers,
  );

/**
 * Static sets take `sync_interval_seconds` and `attributes` without a word, as existing clients
 * send them.
 */
function check(errors: FieldErrors, { type, preferred_endpoints }: HostSet, otherType: string): void {
  const unsupported = 'This field is not yet supported for static host sets.';
  errors.require(['', 'static'].includes(type), 'type', otherType);
  errors.require(preferred_endpoints.length === 0, 'preferred_endpoints', unsupported);
}
