/** Handlers of CredentialStoreService: decode, look up, authorize, one store call, encode. */
import { newId } from '../../../lib/ids/ids';
import { CredentialStore, CredentialStoreServiceDefinition } from '../../../proto/gen/api/credential_stores';
import { authorizedCollectionActions } from '../authz/collections';
import { toMake } from '../authz/proof';
import type { ControllerDeps } from '../context';
import { sql, transaction } from '../db/db';
import { changing } from '../resources/changes';
import { checkDeleteId, checkGetId } from '../resources/fields';
import { itemAccess, type ItemDefinition } from '../resources/items';
import { staleVersion } from '../resources/rows';
import { checkProjectList, collectionIn, listInScopes, scopeNode } from '../resources/scope-lists';
import { service, type Op } from '../rpc/service';
import {
  collectionsBelow,
  STATIC_STORE_PREFIX,
  STORE_ACTIONS,
  STORE_PREFIXES,
  storeItem,
  storeResource,
  VAULT_STORE_PREFIX,
  type StoreRow,
} from './credential-stores';
import { changedStore, newStore } from './credential-stores.fields';
import * as store from './credential-stores.store';
import { newHmacKey } from './store-secrets';
import { changedVaultColumns, newVaultColumns } from './vault-stores';

function definitionFor(
  deps: ControllerDeps,
): ItemDefinition<'credential-store', StoreRow, ReturnType<typeof storeItem>> {
  const collections = async (op: Op, row: StoreRow) => {
    const at = { scopeId: row.scope_id, parentScopeId: row.scope.parent_scope_id, pin: row.id };
    const below = await authorizedCollectionActions(deps.authz, op, collectionsBelow(row), at);
    return { authorized_collection_actions: below };
  };
  return {
    type: 'credential-store',
    find: store.findStore,
    select: store.selectStores,
    from: sql`from credential_stores r`,
    resource: storeResource,
    actions: () => STORE_ACTIONS,
    item: storeItem,
    extra: collections,
    toJSON: (item) => CredentialStore.toJSON(CredentialStore.fromPartial(item)),
  };
}

export function credentialStoreService(deps: ControllerDeps) {
  const definition = definitionFor(deps);
  const { allow, shown, answer } = itemAccess(deps, definition);

  return service(CredentialStoreServiceDefinition, {
    async getCredentialStore(op, { id }) {
      checkGetId(id, ...STORE_PREFIXES);
      const { row, allowed } = await allow(op, 'read', id);
      return shown(op, allowed, row);
    },

    async listCredentialStores(op, request) {
      checkProjectList(request);
      return listInScopes(deps, op, definition, request);
    },

    async createCredentialStore(op, request) {
      const item = request.item ?? CredentialStore.fromPartial({});
      const { type, columns, vault } = newStore(item);
      const scope = await scopeNode(deps.db.executor, item.scope_id);
      const may = await deps.authz.check(op, 'create', collectionIn('credential-store', scope));
      const allowed = toMake(may, newId(type === 'vault' ? VAULT_STORE_PREFIX : STATIC_STORE_PREFIX));
      const placed = { id: allowed.id, scopeId: allowed.scopeId };
      const { hmac, sealed } = await newHmacKey(deps.kms, deps.db.executor, placed);
      const vaultColumns = vault === undefined ? undefined : await newVaultColumns(deps, placed, hmac, vault);
      const now = deps.clock.now();
      const row = { type, columns, hmac_key: sealed.ciphertext, key_id: sealed.keyId, now };
      await changing(deps.db, now, async (tx) => {
        await store.insertStore(tx, allowed, row);
        if (vaultColumns !== undefined) await store.insertVaultStore(tx, allowed, vaultColumns);
      });
      return answer(op, allowed);
    },

    async updateCredentialStore(op, request) {
      const { columns, vault } = changedStore(request);
      const { row, allowed } = await allow(op, 'update', request.id);
      const version = request.item!.version;
      if (row.version !== version) throw staleVersion('Credential Store', request.id);
      const vaultColumns = vault === undefined ? undefined : await changedVaultColumns(deps, row, vault);
      const now = deps.clock.now();
      const change = { version, columns, now };
      if (!(await changing(deps.db, now, (tx) => store.updateStore(tx, allowed, change, vaultColumns)))) {
        throw staleVersion('Credential Store', request.id);
      }
      return answer(op, allowed);
    },

    async deleteCredentialStore(op, { id }) {
      checkDeleteId(id, ...STORE_PREFIXES);
      const { allowed } = await allow(op, 'delete', id);
      await transaction(deps.db, deps.clock.now(), (tx) => store.deleteStore(tx, allowed));
      return {};
    },
  });
}
