/** Fields of credential libraries as callers send them: what is acceptable, and what is stored. */
import { invalidArgument } from '../../../lib/errors/errors';
import { hasIdForm } from '../../../lib/ids/ids';
import { CredentialLibrary, type UpdateCredentialLibraryRequest } from '../../../proto/gen/api/credential_libraries';
import { VAULT_STORE_PREFIX } from '../credential-stores/credential-stores';
import { maskWithAttributes, readAttributes } from '../resources/attributes';
import { checkCreate, checkShortText, checkUpdate, FieldErrors, maskedColumns, storedText } from '../resources/fields';
import {
  FIXED_CREDENTIAL_TYPE,
  LIBRARY_ATTRIBUTES,
  LIBRARY_PREFIXES,
  MAPPING_KEYS,
  typeOfLibrary,
  type LibraryType,
} from './credential-libraries';

type Given = Readonly<Record<string, unknown>>;

export interface Library {
  credential_type: string | null;
  credential_mapping_overrides: Record<string, string>;
  /** Attributes, request body included. */
  attributes: Record<string, unknown>;
}

export interface NewLibrary extends Library {
  type: LibraryType;
  columns: Record<string, unknown>;
}

const READ_ONLY = 'This is a read only field.';

/** Throws 400 with everything that is wrong. */
export function newLibrary(item: CredentialLibrary): NewLibrary {
  const errors = new FieldErrors();
  const inVault = hasIdForm(item.credential_store_id, VAULT_STORE_PREFIX);
  errors.require(inVault, 'credential_store_id', 'This field must be a valid credential store id.');
  // `vault` is the old name of the first type, which is also the default.
  const type = ['', 'vault'].includes(item.type) ? 'vault-generic' : item.type;
  if (!isLibraryType(type)) errors.add('type', 'This field must be a known credential library type.');
  const given = isLibraryType(type) ? readAttributes(item.attributes, LIBRARY_ATTRIBUTES[type]) : undefined;
  const library = isLibraryType(type) ? checkedLibrary(errors, type, item, given ?? {}) : undefined;
  checkShortText(errors, item);
  checkCreate(errors, item).throwIfAny();
  const columns = { name: storedText(item.name), description: storedText(item.description) };
  return { ...library!, type: type as LibraryType, columns };
}

const isLibraryType = (type: string): type is LibraryType => Object.hasOwn(LIBRARY_ATTRIBUTES, type);

function checkedLibrary(errors: FieldErrors, type: LibraryType, item: CredentialLibrary, given: Given): Library {
  const fixed = FIXED_CREDENTIAL_TYPE[type];
  const chosen = ['', 'unspecified'].includes(item.credential_type) ? null : item.credential_type;
  if (fixed !== undefined) errors.require(item.credential_type === '', 'credential_type', READ_ONLY);
  else if (chosen !== null && !Object.hasOwn(MAPPING_KEYS, chosen)) {
    errors.add('credential_type', `Unknown credential type "${chosen.slice(0, 100)}".`);
  }
  const credential_type = fixed ?? chosen;
  const overrides = mapped({}, item.credential_mapping_overrides ?? {});
  checkMapping(errors, type, credential_type, overrides);
  const attributes = withDefaults(type, present(given));
  checkAttributes(errors, type, attributes);
  return { credential_type, credential_mapping_overrides: overrides, attributes };
}

export interface LibraryChange {
  columns: Record<string, unknown>;
  /** The library after the change, from what it is now. Throws 400. */
  apply(current: Library): Library;
}

/** Throws 400 with everything that is wrong. */
export function changedLibrary(request: UpdateCredentialLibraryRequest): LibraryChange {
  const errors = new FieldErrors();
  const item = request.item ?? CredentialLibrary.fromPartial({});
  const type = typeOfLibrary(request.id) ?? 'vault-generic';
  const known = LIBRARY_ATTRIBUTES[type];
  const sent = item.type === 'vault' ? 'vault-generic' : item.type;
  errors.require(['', type].includes(sent), 'type', 'Cannot modify resource type.');
  errors.require(!(request.update_mask ?? []).includes('credential_type'), 'credential_type', READ_ONLY);
  const given = readAttributes(item.attributes, known);
  checkShortText(errors, item);
  checkUpdate(errors, request, LIBRARY_PREFIXES).throwIfAny();
  const mask = maskWithAttributes(request.update_mask!, known);
  const names = Object.keys(known).filter((name) => mask.includes(`attributes.${name}`));
  const overrides = mask.filter((path) => path.split('.')[0] === 'credential_mapping_overrides');
  const paths = ['name', 'description', ...names.map((name) => `attributes.${name}`), ...overrides];
  const columns = maskedColumns(mask, Object.fromEntries(paths.map((path) => [path, path])), (path) =>
    path === 'name' || path === 'description' ? storedText(item[path]) : null,
  );
  return {
    columns: Object.fromEntries(Object.entries(columns).filter(([path]) => path === 'name' || path === 'description')),
    apply: (current) => applied(type, current, { given, names, overrides, item }),
  };
}

function applied(
  type: LibraryType,
  current: Library,
  change: { given: Given; names: string[]; overrides: string[]; item: CredentialLibrary },
): Library {
  const errors = new FieldErrors();
  const replaced = Object.fromEntries(change.names.map((name) => [name, change.given[name]]));
  const attributes = withDefaults(type, present({ ...current.attributes, ...replaced }));
  checkAttributes(errors, type, attributes);
  const sent = change.item.credential_mapping_overrides;
  const cleared = change.overrides.includes('credential_mapping_overrides') && sent === undefined;
  const before = cleared ? {} : current.credential_mapping_overrides;
  const credential_mapping_overrides = change.overrides.length === 0 ? before : mapped(before, sent ?? {});
  checkMapping(errors, type, current.credential_type, credential_mapping_overrides);
  errors.throwIfAny();
  return { credential_type: current.credential_type, credential_mapping_overrides, attributes };
}

/** Overrides after some were set and those with null removed. */
function mapped(before: Readonly<Record<string, string>>, change: Given): Record<string, string> {
  const after = { ...before, ...change };
  for (const [key, value] of Object.entries(after)) {
    if (value === null || value === '') continue;
    if (typeof value !== 'string') {
      throw invalidArgument('Error in provided request.', [
        { name: `credential_mapping_overrides.${key}`.slice(0, 100), description: 'This field must be a string.' },
      ]);
    }
  }
  return Object.fromEntries(Object.entries(after).filter(([, value]) => value !== null && value !== '')) as Record<
    string,
    string
  >;
}

function checkMapping(errors: FieldErrors, type: LibraryType, credentialType: string | null, overrides: Given): void {
  const legal = type === 'vault-generic' ? (MAPPING_KEYS[credentialType ?? ''] ?? []) : [];
  const illegal = Object.keys(overrides).find((key) => !legal.includes(key));
  if (illegal === undefined) return;
  const what = credentialType === null ? 'a library without a credential type' : `credential type ${credentialType}`;
  errors.add('credential_mapping_overrides', `"${illegal.slice(0, 100)}" cannot be set for ${what}.`);
}

/** Without what is empty. */
const present = (given: Given): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(given).filter(
      ([, value]) =>
        value !== undefined &&
        value !== '' &&
        !(typeof value === 'object' && Object.keys(value as object).length === 0),
    ),
  );

const DEFAULT_KEY_BITS: Readonly<Record<string, number>> = { ecdsa: 256, rsa: 2_048 };
const KEY_BITS: Readonly<Record<string, readonly number[]>> = {
  ed25519: [0],
  ecdsa: [256, 384, 521],
  rsa: [2_048, 3_072, 4_096],
};

function withDefaults(type: LibraryType, given: Record<string, unknown>): Record<string, unknown> {
  if (type === 'vault-generic') return { http_method: 'GET', ...given };
  if (type !== 'vault-ssh-certificate') return given;
  const key_type = (given.key_type as string | undefined) ?? 'ed25519';
  const bits = given.key_bits ?? DEFAULT_KEY_BITS[key_type];
  return { ...given, key_type, ...(bits === undefined ? {} : { key_bits: bits }) };
}

function checkAttributes(errors: FieldErrors, type: LibraryType, attributes: Given): void {
  const must = (name: string, holds: boolean, text: string) => {
    errors.require(holds, `attributes.${name}`, text);
  };
  const path = (attributes.path as string | undefined) ?? '';
  must('path', path !== '', 'This is a required field.');
  if (type === 'vault-generic') {
    const isPost = attributes.http_method === 'POST';
    must('http_method', isPost || attributes.http_method === 'GET', "If set, value must be 'GET' or 'POST'.");
    const bodyFits = isPost || attributes.http_request_body === undefined;
    must('http_request_body', bodyFits, "Field can only be set if attributes.http_method is set to the value 'POST'.");
  } else if (type === 'vault-ldap') {
    const fits = path === '' || /\/(creds|static-cred)\/./.test(path);
    must('path', fits, 'This field must contain "/creds/" or "/static-cred/" and a role.');
  } else {
    checkSshCertificate(must, attributes, path);
  }
}

function checkSshCertificate(
  must: (name: string, holds: boolean, text: string) => void,
  attributes: Given,
  path: string,
): void {
  const fits = path === '' || /\/(sign|issue)\/[^/]+$/.test(path);
  must('path', fits, 'This field must end in "/sign/" or "/issue/" and a role.');
  must('username', attributes.username !== undefined, 'This is a required field.');
  const keyType = attributes.key_type as string;
  const bits = Object.hasOwn(KEY_BITS, keyType) ? KEY_BITS[keyType]! : undefined;
  must('key_type', bits !== undefined, 'This field must be "ed25519", "ecdsa" or "rsa".');
  const bitsFit = bits === undefined || bits.includes(Number(attributes.key_bits ?? 0));
  must('key_bits', bitsFit, `This field must be one of ${bits?.join(', ')} for key type ${keyType}.`);
  for (const name of ['critical_options', 'extensions']) {
    const values = Object.values(attributes[name] ?? {});
    must(
      name,
      values.every((value) => typeof value === 'string'),
      'All values of this field must be strings.',
    );
  }
}
