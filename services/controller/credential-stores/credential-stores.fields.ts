/** Fields of credential stores as callers send them: what is acceptable, and what is stored. */
import { limit } from '../../../lib/limits/limit';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isIdOf } from '../../../lib/contract/id-prefixes';
import { hasIdForm } from '../../../lib/ids/ids';
import { CredentialStore, type UpdateCredentialStoreRequest } from '../../../proto/gen/api/credential_stores';
import { readAttributes, type Attributes } from '../resources/attributes';
import {
  checkCreate,
  checkShortText,
  checkUpdate,
  FieldErrors,
  MAX_PEM,
  maskedColumns,
  storedText,
} from '../resources/fields';
import { STORE_PREFIXES, VAULT_STORE_PREFIX, type StoreType } from './credential-stores';

const VAULT_ATTRIBUTES = {
  address: 'text',
  namespace: 'text',
  ca_cert: 'text',
  tls_server_name: 'text',
  tls_skip_verify: 'flag',
  token: 'text',
  token_hmac: 'text',
  token_status: 'text',
  client_certificate: 'text',
  client_certificate_key: 'text',
  client_certificate_key_hmac: 'text',
  worker_filter: 'text',
} as const;

const READ_ONLY = ['token_hmac', 'token_status', 'client_certificate_key_hmac'] as const;
const WRITABLE = [
  'address',
  'namespace',
  'ca_cert',
  'tls_server_name',
  'tls_skip_verify',
  'token',
  'client_certificate',
  'client_certificate_key',
] as const;

/** What a request says about a Vault store; null is cleared, undefined is not mentioned. */
export type VaultInput = {
  [K in (typeof WRITABLE)[number]]?: (K extends 'tls_skip_verify' ? boolean : string) | null;
};

const MAX_ADDRESS = limit('address of a Vault', 3_999, {
  what: 'address of a Vault',
  unit: 'characters',
  reached: '400, naming the field',
  test: 'test/integration/text-limits.test.ts: every text has its longest',
});
/** What a header of a call to Vault can carry. */
const HEADER_TEXT = /^[\x21-\x7e]{0,4096}$/;
const REQUIRED = 'Field required for creating a vault credential store.';
const CANNOT_BE_EMPTY = 'This is a required field and cannot be set to empty.';

export interface NewStore {
  type: StoreType;
  columns: Record<string, unknown>;
  /** Of a Vault store. */
  vault: VaultInput | undefined;
}

/**
 * Throws 400 with everything that is wrong. Attributes of static stores are ignored, as existing
 * clients expect.
 */
export function newStore(item: CredentialStore): NewStore {
  const errors = new FieldErrors();
  errors.require(isIdOf(item.scope_id, 'scope', 'project'), 'scope_id', 'This field must be a valid project scope id.');
  const known = item.type === 'static' || item.type === 'vault';
  errors.require(known, 'type', 'This is a required field and must be a known credential store type.');
  const given = item.type === 'vault' ? readAttributes(item.attributes, VAULT_ATTRIBUTES) : undefined;
  if (given !== undefined) {
    errors.require((given.address ?? '') !== '', 'attributes.address', REQUIRED);
    errors.require((given.token ?? '') !== '', 'attributes.token', REQUIRED);
    checkVaultValues(errors, given);
  }
  checkShortText(errors, item);
  checkCreate(errors, item).throwIfAny();
  return {
    type: item.type as StoreType,
    columns: { name: storedText(item.name), description: storedText(item.description) },
    vault: given === undefined ? undefined : inputOf(given, WRITABLE),
  };
}

export interface StoreChange {
  columns: Record<string, unknown>;
  vault: VaultInput | undefined;
}

/** Throws 400 with everything that is wrong. */
export function changedStore(request: UpdateCredentialStoreRequest): StoreChange {
  const errors = new FieldErrors();
  const item = request.item ?? CredentialStore.fromPartial({});
  const isVault = hasIdForm(request.id, VAULT_STORE_PREFIX);
  const mask = (request.update_mask ?? []).flatMap((path) =>
    path === 'attributes' ? WRITABLE.map((name) => `attributes.${name}`) : [path],
  );
  const given = isVault ? readAttributes(item.attributes, VAULT_ATTRIBUTES) : {};
  const changed = isVault ? WRITABLE.filter((name) => mask.includes(`attributes.${name}`)) : [];
  for (const name of ['address', 'token'] as const) {
    const cleared = changed.includes(name) && (given[name] ?? '') === '';
    errors.require(!cleared, `attributes.${name}`, CANNOT_BE_EMPTY);
  }
  if (isVault) checkVaultValues(errors, given);
  checkShortText(errors, item);
  checkUpdate(errors, request, STORE_PREFIXES).throwIfAny();
  const paths = ['name', 'description', ...changed.map((name) => `attributes.${name}`)];
  const columns = maskedColumns(mask, Object.fromEntries(paths.map((path) => [path, path])), (path) =>
    path === 'name' || path === 'description' ? storedText(item[path]) : null,
  );
  return {
    columns: Object.fromEntries(Object.entries(columns).filter(([name]) => !name.startsWith('attributes.'))),
    vault: changed.length === 0 ? undefined : inputOf(given, changed),
  };
}

type Given = Attributes<typeof VAULT_ATTRIBUTES>;

/** Empty texts are none. */
const inputOf = (given: Given, names: readonly (typeof WRITABLE)[number][]): VaultInput =>
  Object.fromEntries(names.map((name) => [name, given[name] === undefined || given[name] === '' ? null : given[name]]));

function checkVaultValues(errors: FieldErrors, given: Given): void {
  const attribute = (name: keyof Given, holds: boolean, text: string) => {
    errors.require(holds, `attributes.${name}`, text);
  };
  attribute('worker_filter', given.worker_filter === undefined, 'Worker Filter field is not supported in OSS');
  for (const name of READ_ONLY) attribute(name, given[name] === undefined, 'This is a read only field.');
  if ((given.address ?? '') !== '') {
    attribute('address', isHttpUrl(given.address!), 'This field must be a URL that begins with http: or https:.');
  }
  for (const name of ['token', 'namespace'] as const) {
    attribute(name, HEADER_TEXT.test(given[name] ?? ''), 'This field must only hold visible ASCII characters.');
  }
  for (const name of ['ca_cert', 'client_certificate', 'client_certificate_key'] as const) {
    attribute(name, (given[name] ?? '').length <= MAX_PEM, `This field must have at most ${MAX_PEM} characters.`);
  }
  if ((given.ca_cert ?? '') !== '') {
    attribute('ca_cert', isCertificate(given.ca_cert!), 'Unable to parse the certificate as PEM.');
  }
}

function isHttpUrl(text: string): boolean {
  if (text.length > MAX_ADDRESS || !/^https?:\/\//.test(text)) return false;
  try {
    const url = new URL(text);
    return url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  } catch {
    return false;
  }
}

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
}

const KEY_BLOCK = /-----BEGIN ((?:[A-Z]{1,20} )?PRIVATE KEY)-----[^-]*-----END \1-----/;
const CERTIFICATE_BLOCKS = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/**
 * A client certificate and its key, which may stand in one text. The certificate stays as it came,
 * with its last line end, since clients compare it; a text with a key in it is never shown. Adds
 * what is wrong with them.
 */
export function clientIdentity(
  errors: FieldErrors,
  given: { client_certificate: string | null; client_certificate_key: string | null },
): { certificate: string; key: string } | null {
  const { client_certificate: pem, client_certificate_key: separate } = given;
  const [certificateName, keyName] = ['attributes.client_certificate', 'attributes.client_certificate_key'];
  if (pem === null) {
    errors.require(separate === null, certificateName, 'A client certificate key needs its certificate.');
    return null;
  }
  const blocks = pem.match(CERTIFICATE_BLOCKS) ?? [];
  const certificate = pem.includes('PRIVATE KEY') ? blocks.map((block) => `${block}\n`).join('') : pem;
  errors.require(blocks.length > 0 && isCertificate(certificate), certificateName, 'Unable to parse it as PEM.');
  const bundled = KEY_BLOCK.exec(pem)?.[0];
  const twice = bundled !== undefined && separate !== null;
  errors.require(!twice, keyName, 'The client certificate holds a key already.');
  const key = bundled ?? separate ?? '';
  errors.require(key !== '', keyName, 'A client certificate needs its key.');
  if (key !== '') errors.require(isKey(key), keyName, 'Unable to parse it as PEM.');
  return { certificate, key };
}

function isKey(pem: string): boolean {
  try {
    createPrivateKey(pem);
    return true;
  } catch {
    return false;
  }
}
