/** Handlers of CredentialLibraryService: decode, look up, authorize, one store call, encode. */
import { newIdOf } from '../../../lib/contract/id-prefixes';
import { hasIdForm } from '../../../lib/ids/ids';
import { CredentialLibrary, CredentialLibraryServiceDefinition } from '../../../proto/gen/api/credential_libraries';
import { toMake } from '../authz/proof';
import { existing } from '../authz/refusal';
import type { ControllerDeps } from '../context';
import { collectionInStore, VAULT_STORE_PREFIX } from '../credential-stores/credential-stores';
import { findStore } from '../credential-stores/credential-stores.store';
import { sql, transaction } from '../db/db';
import { changing } from '../resources/changes';
import { checkDeleteId, checkGetId, FieldErrors, MESSAGE } from '../resources/fields';
import { itemAccess, type ItemDefinition } from '../resources/items';
import { listBelow } from '../resources/child-lists';
import { staleVersion } from '../resources/rows';
import { service } from '../rpc/service';
import {
  LIBRARY_ACTIONS,
  LIBRARY_PREFIXES,
  libraryItem,
  libraryResource,
  type LibraryRow,
} from './credential-libraries';
import { changedLibrary, newLibrary, type Library } from './credential-libraries.fields';
import * as store from './credential-libraries.store';

const definitionFor = (
  deps: ControllerDeps,
): ItemDefinition<'credential-library', LibraryRow, ReturnType<typeof libraryItem>> => ({
  type: 'credential-library',
  find: store.findLibrary,
  select: store.selectLibraries,
  from: sql`from credential_libraries r`,
  long: ['description', 'attributes', 'credential_mapping_overrides', 'http_request_body'],
  resource: libraryResource,
  actions: () => LIBRARY_ACTIONS,
  item: libraryItem,
  extra: async (_op, row) => (row.http_request_body === null ? {} : { attributes: await openAttributes(deps, row) }),
  toJSON: (item) => CredentialLibrary.toJSON(CredentialLibrary.fromPartial(item)),
});

export function credentialLibraryService(deps: ControllerDeps) {
  const { allow, shown, answer } = itemAccess(deps, definitionFor(deps));

  /** The libraries of a store, as a resource to authorize. */
  async function librariesOf(storeId: string) {
    const found = existing(await findStore(deps.db.executor, storeId));
    return collectionInStore('credential-library', found);
  }

  return service(CredentialLibraryServiceDefinition, {
    async getCredentialLibrary(op, { id }) {
      checkGetId(id, ...LIBRARY_PREFIXES);
      const { row, allowed } = await allow(op, 'read', id);
      return shown(op, allowed, row);
    },

    async listCredentialLibraries(op, request) {
      const fits = hasIdForm(request.credential_store_id, VAULT_STORE_PREFIX);
      new FieldErrors()
        .require(fits, 'credential_store_id', 'This field must be a valid credential store id.')
        .throwIfAny(MESSAGE.identifier);
      const allowed = await deps.authz.check(op, 'list', await librariesOf(request.credential_store_id));
      return listBelow(deps, op, definitionFor(deps), { allowed, column: 'credential_store_id' }, request);
    },

    async createCredentialLibrary(op, request) {
      const item = request.item ?? CredentialLibrary.fromPartial({});
      const library = newLibrary(item);
      const resource = await librariesOf(item.credential_store_id);
      const may = await deps.authz.check(op, 'create', resource);
      const allowed = toMake(may, newIdOf('credential-library', library.type));
      const now = deps.clock.now();
      const sealed = await sealedColumns(deps, { id: allowed.id, scope_id: allowed.scopeId }, library);
      const columns = { ...library.columns, ...sealed, credential_type: library.credential_type };
      await changing(deps.db, now, (tx) => store.insertLibrary(tx, allowed, { type: library.type, columns, now }));
      return answer(op, allowed);
    },

    async updateCredentialLibrary(op, request) {
      const change = changedLibrary(request);
      const { row, allowed } = await allow(op, 'update', request.id);
      const version = request.item!.version;
      if (row.version !== version) throw staleVersion('Credential Library', request.id);
      const attributes = await openAttributes(deps, row);
      const library = change.apply({ ...row, attributes });
      const sealed = await sealedColumns(deps, row, library);
      if (library.attributes['http_request_body'] === attributes['http_request_body']) {
        // Its ciphertext would differ where the text does not.
        delete sealed['http_request_body'];
        delete sealed['key_id'];
      }
      const columns = { ...change.columns, ...sealed };
      const now = deps.clock.now();
      if (!(await changing(deps.db, now, (tx) => store.updateLibrary(tx, allowed, { version, columns, now })))) {
        throw staleVersion('Credential Library', request.id);
      }
      return answer(op, allowed);
    },

    async deleteCredentialLibrary(op, { id }) {
      checkDeleteId(id, ...LIBRARY_PREFIXES);
      const { allowed } = await allow(op, 'delete', id);
      await transaction(deps.db, deps.clock.now(), (tx) => store.deleteLibrary(tx, allowed));
      return {};
    },
  });
}

/** Attributes with the request body in clear. */
async function openAttributes(
  { kms, db }: ControllerDeps,
  row: Pick<LibraryRow, 'id' | 'attributes' | 'http_request_body' | 'key_id'>,
): Promise<Record<string, unknown>> {
  if (row.http_request_body === null) return row.attributes;
  const body = await kms.decrypt(db.executor, row.key_id!, row.http_request_body, bodyOf(row.id));
  return { ...row.attributes, http_request_body: body.toString() };
}

async function sealedColumns(
  { kms, db }: ControllerDeps,
  { id, scope_id }: { id: string; scope_id: string },
  { attributes, credential_mapping_overrides }: Library,
): Promise<Record<string, unknown>> {
  const { http_request_body: body, ...clear } = attributes;
  const sealed =
    body === undefined
      ? undefined
      : await kms.encrypt(db.executor, scope_id, 'database', Buffer.from(body as string), bodyOf(id));
  return {
    attributes: JSON.stringify(clear),
    credential_mapping_overrides: JSON.stringify(credential_mapping_overrides),
    http_request_body: sealed?.ciphertext ?? null,
    key_id: sealed?.keyId ?? null,
  };
}

const bodyOf = (row: string) => ({ column: 'credential_libraries.http_request_body', row }) as const;
