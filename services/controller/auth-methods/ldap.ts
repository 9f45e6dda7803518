/** LDAP auth methods: their attributes. Logins ask the directories of `urls` in their order. */
import { MAX_INT4 } from '../../../lib/contract/numbers';
import { readAttributes, type Attributes } from '../resources/attributes';
import type { FieldErrors } from '../resources/fields';
import {
  BAD_STATE,
  checkCertificates,
  checkTexts,
  checkMaps,
  checkPrivateKey,
  isMethodState,
  shownSettings,
  trimmed,
  withWarning,
  type AttributeRules,
  type Columns,
  type MethodState,
} from './attribute-rules';
import { secretPlace, type SecretPlace } from '../resources/secret-place';

/** As stored, without the secrets. */
export interface LdapSettings {
  state: MethodState;
  urls: string[];
  client_certificate: string | null;
  client_certificate_key_hmac: string | null;
  bind_dn: string | null;
  bind_password_hmac: string | null;
}

export const ldapAttributes = (settings: LdapSettings): Record<string, unknown> =>
  shownSettings(withWarning(settings, ldapPlace(settings)));

interface LdapServers {
  urls: string[];
  certificates: string[];
  insecure_tls: boolean;
  start_tls: boolean;
}

/** Bind password and client key go to the directories of `urls`. */
function ldapPlace(settings: object): SecretPlace {
  const { urls = [], certificates = [], insecure_tls = false, start_tls = false } = settings as Partial<LdapServers>;
  return secretPlace({ servers: urls, ca: certificates, unverified: insecure_tls, start_tls });
}

const ATTRIBUTES = {
  state: 'text',
  urls: 'texts',
  start_tls: 'flag',
  insecure_tls: 'flag',
  discover_dn: 'flag',
  anon_group_search: 'flag',
  enable_groups: 'flag',
  use_token_groups: 'flag',
  upn_domain: 'text',
  user_dn: 'text',
  user_attr: 'text',
  user_filter: 'text',
  group_dn: 'text',
  group_attr: 'text',
  group_filter: 'text',
  certificates: 'texts',
  client_certificate: 'text',
  client_certificate_key: 'text',
  client_certificate_key_hmac: 'text',
  bind_dn: 'text',
  bind_password: 'text',
  bind_password_hmac: 'text',
  account_attribute_maps: 'texts',
  maximum_page_size: 'number',
  dereference_aliases: 'text',
} as const;
type Read = Attributes<typeof ATTRIBUTES>;

const READ_ONLY = ['client_certificate_key_hmac', 'bind_password_hmac'];
const STORED = Object.keys(ATTRIBUTES).filter((name) => !READ_ONLY.includes(name));
const DEREFERENCE = ['NeverDerefAliases', 'DerefInSearching', 'DerefFindingBaseObj', 'DerefAlways'];
const ACCOUNT_TARGETS = ['email', 'fullName'];

function checkValues(errors: FieldErrors, read: Read): void {
  checkTexts(errors, read);
  for (const url of read.urls ?? []) checkDirectoryUrl(errors, url);
  errors.require(read.state === undefined || isMethodState(read.state), 'attributes.state', BAD_STATE);
  checkMaps(errors, 'attributes.account_attribute_maps', read.account_attribute_maps ?? [], ACCOUNT_TARGETS);
  checkCertificates(errors, 'attributes.certificates', read.certificates ?? []);
  const { client_certificate, client_certificate_key, dereference_aliases } = read;
  if (client_certificate !== undefined)
    checkCertificates(errors, 'attributes.client_certificate', [client_certificate]);
  if (client_certificate_key !== undefined) {
    checkPrivateKey(errors, 'attributes.client_certificate_key', client_certificate_key);
  }
  const known = dereference_aliases === undefined || DEREFERENCE.includes(dereference_aliases);
  errors.require(known, 'attributes.dereference_aliases', `Must be one of ${DEREFERENCE.join(', ')}.`);
  const fits = (read.maximum_page_size ?? 0) <= MAX_INT4;
  errors.require(fits, 'attributes.maximum_page_size', `Must be at most ${MAX_INT4}.`);
}

function checkDirectoryUrl(errors: FieldErrors, text: string): void {
  const [, scheme = ''] = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text) ?? [];
  const supported = ['ldap', 'ldaps'].includes(scheme.toLowerCase());
  const problem = `${scheme} scheme in url ${JSON.stringify(text)} is not either ldap or ldaps`;
  errors.require(supported, 'attributes.urls', problem);
  const whole = supported && URL.canParse(text) && new URL(text).host !== '';
  errors.require(whole, 'attributes.urls', `${JSON.stringify(text)} cannot be parsed as a url.`);
}

const NO_URL = 'At least one URL is required';

function checkReadOnly(errors: FieldErrors, names: readonly string[]): void {
  for (const name of READ_ONLY) errors.require(!names.includes(name), `attributes.${name}`, 'Field is read only.');
}

export const ldapRules: AttributeRules = {
  secrets: ['client_certificate_key', 'bind_password'],

  place: ldapPlace,

  create(errors, given) {
    const read = trimmed(readAttributes(given, ATTRIBUTES));
    checkReadOnly(errors, Object.keys(read));
    errors.require((read.urls ?? []).length > 0, 'attributes.urls', NO_URL);
    checkValues(errors, read);
    const columns = STORED.filter((name) => name in read).map((name) => [name, read[name as keyof Read]]);
    return Object.fromEntries(columns) as Columns;
  },

  update(errors, given, mask) {
    const read = trimmed(readAttributes(given, ATTRIBUTES));
    checkReadOnly(errors, mask);
    errors.require(!mask.includes('urls') || (read.urls ?? []).length > 0, 'attributes.urls', NO_URL);
    checkValues(errors, read);
    const named = STORED.filter((name) => mask.includes(name));
    return Object.fromEntries(named.map((name) => [name, read[name as keyof Read] ?? cleared(name)]));
  },
};

function cleared(name: string): unknown {
  if (name === 'state') return 'inactive';
  const kind = ATTRIBUTES[name as keyof Read];
  return kind === 'texts' ? [] : kind === 'flag' ? false : kind === 'number' ? 0 : null;
}

/**
 * Checks attributes that only mean something together. `whole` is the method, or what it would
 * become.
 */
export function checkPairs(errors: FieldErrors, whole: Readonly<Record<string, unknown>>): void {
  const isSet = (name: string): boolean => (whole[name] ?? null) !== null;
  const pair = (one: string, other: string): void => {
    if (isSet(one) === isSet(other)) return;
    const [missing, present] = isSet(one) ? [other, one] : [one, other];
    errors.add(`attributes.${missing}`, `This field is required together with ${present}.`);
  };
  pair('bind_dn', 'bind_password');
  pair('client_certificate', 'client_certificate_key');
}
