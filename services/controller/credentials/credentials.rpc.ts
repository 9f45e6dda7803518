/** Handlers of CredentialService: decode, look up, authorize, one store call, encode. */
import { newIdOf } from '../../../lib/contract/id-prefixes';
import { hasIdForm } from '../../../lib/ids/ids';
import { Credential, CredentialServiceDefinition } from '../../../proto/gen/api/credentials';
import { toMake } from '../authz/proof';
import { existing } from '../authz/refusal';
import type { ControllerDeps } from '../context';
import { collectionInStore, STATIC_STORE_PREFIXES } from '../credential-stores/credential-stores';
import { findStore } from '../credential-stores/credential-stores.store';
import { hmacOf } from '../credential-stores/store-secrets';
import { sql, transaction } from '../db/db';
import { changing } from '../resources/changes';
import { checkDeleteId, checkGetId, FieldErrors, MESSAGE } from '../resources/fields';
import { itemAccess, type ItemDefinition } from '../resources/items';
import { listBelow } from '../resources/child-lists';
import { staleVersion } from '../resources/rows';
import { service, type Op } from '../rpc/service';
import {
  CREDENTIAL_ACTIONS,
  CREDENTIAL_PREFIXES,
  credentialItem,
  credentialResource,
  hmacColumns,
  type CredentialRow,
  type Secret,
} from './credentials';
import { changedCredential, checkSecret, mergedSecret, newCredential } from './credentials.fields';
import * as store from './credentials.store';

const definition: ItemDefinition<'credential', CredentialRow, ReturnType<typeof credentialItem>> = {
  type: 'credential',
  find: store.findCredential,
  select: store.selectCredentials,
  from: sql`from credentials r`,
  resource: credentialResource,
  actions: () => CREDENTIAL_ACTIONS,
  item: credentialItem,
  toJSON: (item) => Credential.toJSON(Credential.fromPartial(item)),
};

export function credentialService(deps: ControllerDeps) {
  const { allow, shown, answer } = itemAccess(deps, definition);
  const on = deps.db.executor;

  /** The credentials of a store, as a resource to authorize. */
  async function credentialsOf(storeId: string) {
    const found = existing(await findStore(on, storeId));
    return collectionInStore('credential', found);
  }

  return service(CredentialServiceDefinition, {
    async getCredential(op, { id }) {
      checkGetId(id, ...CREDENTIAL_PREFIXES);
      const { row, allowed } = await allow(op, 'read', id);
      return shown(op, allowed, row);
    },

    async listCredentials(op, request) {
      const fits = hasIdForm(request.credential_store_id, ...STATIC_STORE_PREFIXES);
      new FieldErrors()
        .require(fits, 'credential_store_id', 'This field must be a valid credential store id.')
        .throwIfAny(MESSAGE.identifier);
      const allowed = await deps.authz.check(op, 'list', await credentialsOf(request.credential_store_id));
      return listBelow(deps, op, definition, { allowed, column: 'credential_store_id' }, request);
    },

    async createCredential(op, request) {
      const item = request.item ?? Credential.fromPartial({});
      const { type, columns, secret } = newCredential(item);
      const resource = await credentialsOf(item.credential_store_id);
      const may = await deps.authz.check(op, 'create', resource);
      await checkSecret(op, type, secret);
      const allowed = toMake(may, newIdOf('credential', type));
      const now = deps.clock.now();
      const place = { scope_id: allowed.scopeId, credential_store_id: item.credential_store_id };
      const sealed = await sealSecret(deps, { id: allowed.id, type, ...place }, secret);
      await changing(deps.db, now, (tx) =>
        store.insertCredential(tx, allowed, { type, columns: { ...columns, ...sealed }, now }),
      );
      return answer(op, allowed);
    },

    async updateCredential(op, request) {
      const change = changedCredential(request);
      const { row, allowed } = await allow(op, 'update', request.id);
      const version = request.item!.version;
      if (row.version !== version) throw staleVersion('Credential', request.id);
      const sealed = change.secret === undefined ? {} : await changedSecret(deps, op, row, change.secret);
      const now = deps.clock.now();
      const columns = { ...change.columns, ...sealed };
      if (!(await changing(deps.db, now, (tx) => store.updateCredential(tx, allowed, { version, columns, now })))) {
        throw staleVersion('Credential', request.id);
      }
      return answer(op, allowed);
    },

    async deleteCredential(op, { id }) {
      checkDeleteId(id, ...CREDENTIAL_PREFIXES);
      const { allowed } = await allow(op, 'delete', id);
      await transaction(deps.db, deps.clock.now(), (tx) => store.deleteCredential(tx, allowed));
      return {};
    },
  });
}

type Placed = Pick<CredentialRow, 'id' | 'type' | 'scope_id' | 'credential_store_id'>;

/** Columns of a secret: ciphertext, its key, and the HMACs. */
export async function sealSecret(
  { kms, db }: Pick<ControllerDeps, 'kms' | 'db'>,
  { id, type, scope_id, credential_store_id }: Placed,
  secret: Secret,
): Promise<Record<string, unknown>> {
  const hmac = await hmacOf(kms, db.executor, credential_store_id);
  const text = Buffer.from(JSON.stringify(secret));
  const sealed = await kms.encrypt(db.executor, scope_id, 'database', text, secretOf(id));
  return { secret: sealed.ciphertext, key_id: sealed.keyId, ...hmacColumns(type, secret, hmac) };
}

/** Columns of the secret that a change makes of the current one. */
async function changedSecret(deps: ControllerDeps, op: Op, row: CredentialRow, change: Secret) {
  const current = await store.findSecret(deps.db.executor, row.id);
  if (current === undefined || current.version !== row.version) throw staleVersion('Credential', row.id);
  const text = await deps.kms.decrypt(deps.db.executor, current.key_id, current.secret, secretOf(row.id));
  const secret = await mergedSecret(op, row.type, { current: JSON.parse(text.toString()) as Secret, change });
  return sealSecret(deps, row, secret);
}

const secretOf = (row: string) => ({ column: 'credentials.secret', row }) as const;
