/** Credential stores: where the credentials of a project are kept (static) or come from (Vault). */
import { prefixOf, prefixesOf } from '../../../lib/contract/id-prefixes';
import { collectionsOfChildren, idActions, type ResourceType } from '../authz/actions';
import type { Collection, Item } from '../authz/authz';
import { commonItem, type ItemRow } from '../resources/rows';
import { keptBack, keptBackWarning, secretPlace, type SecretPlace } from '../resources/secret-place';

export const STATIC_STORE_PREFIX = prefixOf('credential-store', 'static');
export const STATIC_STORE_PREFIXES = prefixesOf('credential-store', 'static');
export const VAULT_STORE_PREFIX = prefixOf('credential-store', 'vault');
export const STORE_PREFIXES = prefixesOf('credential-store');
export const STORE_ACTIONS = idActions('credential-store');

export type StoreType = 'static' | 'vault';

/** What a Vault store shows beyond. */
export interface VaultColumns {
  address: string;
  namespace: string | null;
  ca_cert: string | null;
  tls_server_name: string | null;
  tls_skip_verify: boolean;
  worker_filter: string | null;
  token_hmac: string;
  token_status: string;
  client_certificate: string | null;
  client_certificate_key_hmac: string | null;
  /** What the secrets were given for. */
  token_place: SecretPlace;
  client_certificate_key_place: SecretPlace | null;
}

export interface StoreRow extends ItemRow {
  scope_id: string;
  type: StoreType;
  /** Vault stores only. */
  vault: VaultColumns | null;
}

export const storeResource = (row: Pick<StoreRow, 'id' | 'scope_id' | 'scope'>): Item<'credential-store'> => ({
  type: 'credential-store',
  id: row.id,
  scopeId: row.scope_id,
  parentScopeId: row.scope.parent_scope_id,
});

/** The credentials or credential libraries of a store, as a resource to authorize. */
export const collectionInStore = <T extends ResourceType>(
  type: T,
  store: Pick<StoreRow, 'id' | 'scope_id' | 'scope'>,
): Collection<T> => ({
  type,
  scopeId: store.scope_id,
  parentScopeId: store.scope.parent_scope_id,
  pin: store.id,
});

export const collectionsBelow = (row: StoreRow) => collectionsOfChildren('credential-store', row.type);

export const storeItem = (row: StoreRow) => ({
  ...commonItem(row),
  scope_id: row.scope_id,
  type: row.type,
  attributes: row.vault === null ? undefined : shownVault(row.vault),
});

/** Without what is not set. */
function shownVault(vault: VaultColumns): Record<string, unknown> {
  const { token_place: token, client_certificate_key_place: client_certificate_key, ...shown } = vault;
  const warning = keptBackWarning(keptBack({ token, client_certificate_key }, vaultPlace(vault)));
  const set = Object.entries(shown).filter(([, value]) => value !== null && value !== false);
  return { ...Object.fromEntries(set), ...(warning === undefined ? {} : { warning }) };
}

/** Where a Vault store sends its secrets. A namespace is a part of the same server. */
export const vaultPlace = (
  vault: Pick<VaultColumns, 'address' | 'ca_cert' | 'tls_server_name' | 'tls_skip_verify'>,
): SecretPlace =>
  secretPlace({
    servers: [vault.address],
    ca: vault.ca_cert === null ? [] : [vault.ca_cert],
    server_name: vault.tls_server_name,
    unverified: vault.tls_skip_verify,
  });
