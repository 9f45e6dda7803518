/** OIDC auth methods: their attributes and what makes one complete enough for logins. */
import { MAX_INT4 } from '../../../lib/contract/numbers';
import { readAttributes, type Attributes } from '../resources/attributes';
import { FieldErrors } from '../resources/fields';
import {
  checkCertificates,
  checkMaps,
  checkTexts,
  checkUrl,
  checkWords,
  shownSettings,
  trimmed,
  withWarning,
  type AttributeRules,
  type Columns,
  type MethodState,
} from './attribute-rules';
import { secretPlace, type SecretPlace } from '../resources/secret-place';

/** As stored, without the secret. */
export interface OidcSettings {
  state: MethodState;
  issuer: string | null;
  client_id: string;
  client_secret_hmac: string;
  api_url_prefix: string;
  max_age: number | null;
  signing_algorithms: string[];
  idp_ca_certs: string[];
  allowed_audiences: string[];
  claims_scopes: string[];
  account_claim_maps: string[];
  prompts: string[];
  disable_discovered_config_validation: boolean;
}

export const oidcAttributes = (settings: OidcSettings): Record<string, unknown> => ({
  ...shownSettings(withWarning(settings, oidcPlace(settings)), ['max_age']),
  callback_url: `${settings.api_url_prefix.replace(/\/+$/, '')}/v1/auth-methods/oidc:authenticate:callback`,
});

const ATTRIBUTES = {
  state: 'text',
  issuer: 'text',
  client_id: 'text',
  client_secret: 'text',
  client_secret_hmac: 'text',
  max_age: 'number',
  signing_algorithms: 'texts',
  api_url_prefix: 'text',
  callback_url: 'text',
  idp_ca_certs: 'texts',
  allowed_audiences: 'texts',
  claims_scopes: 'texts',
  account_claim_maps: 'texts',
  prompts: 'texts',
  disable_discovered_config_validation: 'flag',
  dry_run: 'flag',
} as const;
type Read = Attributes<typeof ATTRIBUTES>;

const READ_ONLY = ['state', 'client_secret_hmac', 'callback_url'] as const;
const STORED = Object.keys(ATTRIBUTES).filter(
  (name) => name !== 'dry_run' && !(READ_ONLY as readonly string[]).includes(name),
);
const REQUIRED = { api_url_prefix: 'This field is required.' };
const REQUIRED_BY_CREATE = {
  client_id: 'Field required for creating an OIDC auth method.',
  client_secret: 'Field required for creating an OIDC auth method.',
  ...REQUIRED,
};

export const SIGNING_ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512', 'EdDSA'],
];
const PROMPTS = ['none', 'login', 'consent', 'select_account'];
const CLAIM_TARGETS = ['sub', 'name', 'email'];
/** Asked for in every login, so nobody lists it. */
const DEFAULT_SCOPE = 'openid';

function checkValues(errors: FieldErrors, read: Read): void {
  if (read.issuer !== undefined) checkUrl(errors, 'attributes.issuer', read.issuer);
  if (read.api_url_prefix !== undefined) checkUrl(errors, 'attributes.api_url_prefix', read.api_url_prefix);
  checkTexts(errors, read);
  errors.require((read.max_age ?? 0) <= MAX_INT4, 'attributes.max_age', `Must be at most ${MAX_INT4}.`);
  const field = (name: keyof Read): string => `attributes.${name}`;
  checkWords(errors, field('signing_algorithms'), 'algorithm', read.signing_algorithms ?? [], SIGNING_ALGORITHMS);
  checkWords(errors, field('prompts'), 'prompt', read.prompts ?? [], PROMPTS);
  const alone = !read.prompts?.includes('none') || read.prompts.length === 1;
  errors.require(alone, field('prompts'), '"none" must be the only prompt.');
  const extraScopes = !read.claims_scopes?.includes(DEFAULT_SCOPE);
  errors.require(extraScopes, field('claims_scopes'), `"${DEFAULT_SCOPE}" is always asked for and cannot be listed.`);
  checkMaps(errors, field('account_claim_maps'), read.account_claim_maps ?? [], CLAIM_TARGETS);
  checkCertificates(errors, field('idp_ca_certs'), read.idp_ca_certs ?? []);
}

function toColumns(read: Read): Columns {
  return Object.fromEntries(STORED.filter((name) => name in read).map((name) => [name, read[name as keyof Read]]));
}

/** The client secret goes to the endpoints that the issuer names. */
const oidcPlace = ({ issuer, idp_ca_certs }: Pick<OidcSettings, 'issuer' | 'idp_ca_certs'>): SecretPlace =>
  secretPlace({ servers: issuer === null ? [] : [issuer], ca: idp_ca_certs });

export const oidcRules: AttributeRules = {
  secrets: ['client_secret'],

  place: ({ issuer = null, idp_ca_certs = [] }) =>
    oidcPlace({ issuer: issuer as string | null, idp_ca_certs: idp_ca_certs as string[] }),

  create(errors, given) {
    const read = trimmed(readAttributes(given, ATTRIBUTES));
    for (const [name, problem] of Object.entries(REQUIRED_BY_CREATE)) {
      errors.require(name in read, `attributes.${name}`, problem);
    }
    for (const name of READ_ONLY) errors.require(!(name in read), `attributes.${name}`, 'Field is read only.');
    for (const name of ['disable_discovered_config_validation', 'dry_run'] as const) {
      errors.require(read[name] !== true, `attributes.${name}`, 'Field is not allowed at create time.');
    }
    checkValues(errors, read);
    return toColumns(read);
  },

  update(errors, given, mask) {
    const read = trimmed(readAttributes(given, ATTRIBUTES));
    for (const name of READ_ONLY) errors.require(!mask.includes(name), `attributes.${name}`, 'Field is read only.');
    for (const name of Object.keys(REQUIRED_BY_CREATE)) {
      errors.require(!mask.includes(name) || name in read, `attributes.${name}`, 'This field cannot be cleared.');
    }
    checkValues(errors, read);
    const sub = read.account_claim_maps?.some((map) => map.split('=')[1]?.trim() === 'sub') === true;
    errors.require(!sub, 'attributes.account_claim_maps', 'The source of "sub" can only be set at create time.');
    const cleared = (name: string): unknown => {
      const kind = ATTRIBUTES[name as keyof Read];
      return kind === 'texts' ? [] : kind === 'flag' ? false : null;
    };
    const named = STORED.filter((name) => mask.includes(name));
    return Object.fromEntries(named.map((name) => [name, read[name as keyof Read] ?? cleared(name)]));
  },
};

/** What is missing for logins; such a method can only be inactive. */
export function missingForLogin(settings: Pick<OidcSettings, 'issuer' | 'signing_algorithms'>): string[] {
  return [
    ...(settings.issuer === null ? ['issuer'] : []),
    ...(settings.signing_algorithms.length === 0 ? ['signing_algorithms'] : []),
  ];
}
