/**
 * Columns of Vault stores: secrets encrypted, their HMACs, everything checked against the Vault
 * itself.
 */
import type { ControllerDeps } from '../context';
import { FieldErrors } from '../resources/fields';
import { staleVersion } from '../resources/rows';
import { blake2b256 } from '../../../lib/ids/blake2b';
import { covers, type SecretPlace } from '../resources/secret-place';
import { vaultPlace, type StoreRow, type VaultColumns } from './credential-stores';
import { clientIdentity, type VaultInput } from './credential-stores.fields';
import * as store from './credential-stores.store';
import { hmacOf, hmacWith, type Hmac } from './store-secrets';
import { checkVault, checkVaultAnswers, type VaultConnection } from './vault';

interface Placed {
  id: string;
  scopeId: string;
}

/**
 * Columns of a new store. Throws 400 when Vault cannot be reached or the token cannot serve the
 * store.
 */
export async function newVaultColumns(
  deps: ControllerDeps,
  placed: Placed,
  hmac: Hmac,
  input: VaultInput,
): Promise<Record<string, unknown>> {
  const connection = connectionOf(input);
  const accessor = await checkVault(connection, deps.outgoing);
  const place = vaultPlace(connection);
  const places = { token: place, key: connection.client_certificate_key === null ? null : place };
  return {
    ...(await sealedColumns(deps, placed, hmac, connection, places)),
    ...tokenColumns(connection.token, accessor),
  };
}

/** Columns that a change makes; Vault is asked again when token or address change. */
export async function changedVaultColumns(
  deps: ControllerDeps,
  row: StoreRow,
  change: VaultInput,
): Promise<Record<string, unknown>> {
  const on = deps.db.executor;
  const sealed = await store.findVaultSecrets(on, row.id);
  if (sealed === undefined || sealed.version !== row.version) throw staleVersion('Credential Store', row.id);
  const open = async (column: SealedColumn, text: Buffer) =>
    (await deps.kms.decrypt(on, sealed.key_id, text, placeOf(column, row.id))).toString();
  const { address, namespace, ca_cert, tls_server_name, tls_skip_verify, client_certificate } = row.vault!;
  const current: VaultInput = {
    ...{ address, namespace, ca_cert, tls_server_name, tls_skip_verify, client_certificate },
    token: await open('token', sealed.token),
    client_certificate_key:
      sealed.client_certificate_key && (await open('client_certificate_key', sealed.client_certificate_key)),
  };
  // The key of the old certificate does not go with a new one, or with none.
  const replaced = change.client_certificate === undefined ? {} : { client_certificate_key: null };
  const connection = connectionOf({ ...current, ...replaced, ...change });
  const places = placesOf(row.vault!, change, connection);
  const accessor = await checkChange(deps, change, connection, places);
  const hmac = await hmacOf(deps.kms, on, row.id);
  return {
    ...(await sealedColumns(deps, { id: row.id, scopeId: row.scope_id }, hmac, connection, places)),
    ...(accessor === undefined ? {} : tokenColumns(connection.token, accessor)),
  };
}

/** What each secret is given for. */
interface Places {
  token: SecretPlace;
  key: SecretPlace | null;
}

/**
 * A secret that comes with the change is given for what the store becomes; the others stay as they
 * are.
 */
function placesOf(before: VaultColumns, change: VaultInput, connection: VaultConnection): Places {
  const place = vaultPlace(connection);
  const isKeyNew = change.client_certificate !== undefined || change.client_certificate_key !== undefined;
  const key = isKeyNew ? place : before.client_certificate_key_place;
  return {
    token: change.token === undefined ? before.token_place : place,
    key: connection.client_certificate_key === null ? null : key,
  };
}

/**
 * Asks the Vault, with those secrets that may go there. Answers the accessor of the token;
 * undefined when the token was not shown.
 */
async function checkChange(
  { outgoing }: ControllerDeps,
  change: VaultInput,
  connection: VaultConnection,
  places: Places,
): Promise<string | undefined> {
  if (change.token === undefined && change.address === undefined) return undefined;
  const place = vaultPlace(connection);
  const isKeyKept = places.key !== null && !covers(places.key, place);
  const shown = isKeyKept ? { ...connection, client_certificate: null, client_certificate_key: null } : connection;
  if (covers(places.token, place)) return checkVault(shown, outgoing);
  await checkVaultAnswers(shown, outgoing);
  return undefined;
}

function connectionOf(input: VaultInput): VaultConnection {
  const errors = new FieldErrors();
  const identity = clientIdentity(errors, {
    client_certificate: input.client_certificate ?? null,
    client_certificate_key: input.client_certificate_key ?? null,
  });
  errors.throwIfAny();
  return {
    address: input.address!,
    namespace: input.namespace ?? null,
    ca_cert: input.ca_cert ?? null,
    tls_server_name: input.tls_server_name ?? null,
    tls_skip_verify: input.tls_skip_verify ?? false,
    client_certificate: identity?.certificate ?? null,
    client_certificate_key: identity?.key ?? null,
    token: input.token!,
  };
}

/**
 * Clients compute the same HMAC to see whether the token has changed, so its key is the one that
 * they expect.
 */
const tokenColumns = (token: string, accessor: string): Record<string, unknown> => ({
  token_hmac: hmacWith(blake2b256(Buffer.from(accessor)))(token),
  token_status: 'current',
});

type SealedColumn = 'token' | 'client_certificate_key';
const placeOf = (column: SealedColumn, row: string) => ({ column: `vault_credential_stores.${column}`, row }) as const;

async function sealedColumns(
  deps: ControllerDeps,
  { id, scopeId }: Placed,
  hmac: Hmac,
  connection: VaultConnection,
  places: Places,
): Promise<Record<string, unknown>> {
  const { token, client_certificate_key: key, ...clear } = connection;
  const seal = (column: SealedColumn, text: string) =>
    deps.kms.encrypt(deps.db.executor, scopeId, 'database', Buffer.from(text), placeOf(column, id));
  const sealedToken = await seal('token', token);
  const sealedKey = key === null ? null : await seal('client_certificate_key', key);
  // Both ciphertexts must name one key, so a rotation between the two encryptions starts over.
  if (sealedKey !== null && sealedKey.keyId !== sealedToken.keyId) {
    return sealedColumns(deps, { id, scopeId }, hmac, connection, places);
  }
  return {
    ...clear,
    token: sealedToken.ciphertext,
    client_certificate_key: sealedKey?.ciphertext ?? null,
    client_certificate_key_hmac: key === null ? null : hmac(key),
    key_id: sealedToken.keyId,
    token_place: JSON.stringify(places.token),
    client_certificate_key_place: places.key === null ? null : JSON.stringify(places.key),
  };
}
