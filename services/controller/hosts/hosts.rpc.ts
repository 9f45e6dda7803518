/** HostService: hosts are addresses that targets lead to through host sets. */
import { isIdOf } from '../../../lib/contract/id-prefixes';
import { Host, HostServiceDefinition } from '../../../proto/gen/api/hosts';
import { host } from '../../../proto/gen/nouns/host';
import type { ControllerDeps } from '../context';
import { findHostCatalog } from '../host-catalogs/host-catalogs.store';
import { readAddress } from '../resources/address';
import { maskWithAttributes, readAttributes } from '../resources/attributes';
import { defineItems } from '../resources/definition';
import { FieldErrors, maskedColumns, storedText } from '../resources/fields';
import { below } from '../resources/places';
import { mutableColumns, resource } from '../resources/resource';
import { service } from '../rpc/service';
import * as store from './hosts.store';

const ATTRIBUTES = { address: 'text' } as const;

const definition = defineItems('host', Host, {
  find: store.findHost,
  select: store.selectHosts,
  item: ({ address }) => ({ attributes: { address } }),
});

const place = below('host', {
  find: findHostCatalog,
  fits: (id) => isIdOf(id, 'host-catalog'),
  texts: { list: 'The field is incorrectly formatted.', create: 'The field is incorrectly formatted.' },
});

export function hostService(deps: ControllerDeps) {
  const { handlers } = resource(deps, HostServiceDefinition, {
    definition,
    message: Host,
    place,
    create: {
      read(errors, item) {
        errors.require(['', 'static'].includes(item.type), 'type', "Doesn't match the parent resource's type.");
        const plugin = isIdOf(item.host_catalog_id, 'host-catalog', 'plugin');
        const refused = 'Cannot manually create hosts for this type of catalog.';
        errors.require(!plugin, 'host_catalog_id', refused);
        const address = addressOf(errors, item, true);
        checkPluginFields(errors, item);
        return address;
      },
      columns: (_op, _allowed, address) => ({ type: 'static', address }),
    },
    update: {
      read(errors, request) {
        const item = request.item ?? Host.fromPartial({});
        errors.require(!isPluginHost(request.id), 'id', 'Cannot modify this type of host.');
        const mask = maskWithAttributes(request.update_mask ?? [], ATTRIBUTES);
        errors.require(['', 'static'].includes(item.type), 'type', 'Cannot modify the resource type.');
        const address = addressOf(errors, item, mask.includes('attributes.address'));
        checkPluginFields(errors, item);
        return { mask, address };
      },
      columns: (_op, _row, { mask, address }, { item }) =>
        maskedColumns(mask, mutableColumns(host), (path) =>
          path === 'attributes.address' ? address : storedText(item?.[path as 'name' | 'description']),
        ),
    },
  });
  return service(HostServiceDefinition, {
    ...handlers,
    async deleteHost(op, request) {
      const refused = 'Cannot manually delete this type of host.';
      new FieldErrors().require(!isPluginHost(request.id), 'id', refused).throwIfAny();
      return handlers.deleteHost(op, request);
    },
  });
}

const isPluginHost = (id: string): boolean => isIdOf(id, 'host', 'plugin');

/** Address of the item; reports a missing one if it is needed. */
function addressOf(errors: FieldErrors, item: Host, needed: boolean): string | undefined {
  const attributes = readAttributes(item.attributes, ATTRIBUTES);
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
