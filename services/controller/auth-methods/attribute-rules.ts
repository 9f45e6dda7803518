/**
 * Rules that attributes of several types of auth methods share. Each reports to the errors what is
 * wrong.
 */
import { limit } from '../../../lib/limits/limit';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { MAX_PEM, type FieldErrors } from '../resources/fields';
import { keptBack, keptBackWarning, type SecretPlace } from '../resources/secret-place';

/** Where each secret of an auth method is stored. */
export const SECRET_COLUMNS = {
  client_secret: 'oidc_auth_methods.client_secret',
  client_certificate_key: 'ldap_auth_methods.client_certificate_key',
  bind_password: 'ldap_auth_methods.bind_password',
} as const;

/** A secret of an auth method. */
export type SecretName = keyof typeof SECRET_COLUMNS;

/** What a type of auth method does with the attributes that callers send. */
export interface AttributeRules {
  /**
   * Columns of a new method; what is absent keeps the column's default. Secrets are still in clear.
   */
  create(errors: FieldErrors, given: Given): Columns;
  /** Columns that a change sets, `null` where it clears. `mask` holds names of attributes. */
  update(errors: FieldErrors, given: Given, mask: readonly string[]): Columns;
  /** Columns that are stored encrypted, with their key's id and an HMAC beside. */
  readonly secrets: readonly SecretName[];
  /** Where the secrets of a method with these settings go. */
  place(settings: Columns): SecretPlace;
}

export type Given = Readonly<Record<string, unknown>> | undefined;
export type Columns = Record<string, unknown>;

export const STATES = ['inactive', 'active-private', 'active-public'] as const;
export type MethodState = (typeof STATES)[number];
export const BAD_STATE = 'Only supported values are "inactive", "active-private", or "active-public".';
export const isMethodState = (text: unknown): text is MethodState => STATES.some((state) => state === text);

/** Schemes that are accepted, and the error of others. */
export function checkUrl(errors: FieldErrors, field: string, text: string): void {
  errors.require(text.length < MAX_URL, field, `Must have less than ${MAX_URL} characters.`);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.hostname === '') {
    errors.add(field, `${JSON.stringify(text)} cannot be parsed as a url.`);
    return;
  }
  errors.require(['http:', 'https:'].includes(url.protocol), field, 'The scheme must be http or https.');
}

const MAX_URL = limit('URL of an auth method', 4_000, {
  what: 'URL of an auth method or an issuer, and one more than it has',
  unit: 'characters',
  reached: '400, naming the field',
  test: 'test/integration/text-limits.test.ts: every text has its longest',
});

/** Each element is one of the known words. `what` names an element in the error. */
export function checkWords(errors: FieldErrors, field: string, what: string, words: string[], known: string[]): void {
  for (const word of words) {
    errors.require(known.includes(word), field, `Contains unsupported ${what} ${JSON.stringify(word)}`);
  }
}

/** `from=to` with each known `to` at most once. */
export function checkMaps(errors: FieldErrors, field: string, maps: string[], known: string[]): void {
  const seen = new Set<string>();
  for (const map of maps) {
    const [from = '', to = '', ...more] = map.split('=').map((part) => part.trim());
    const problem =
      from === '' || to === '' || more.length > 0
        ? 'must have the form from=to'
        : !known.includes(to)
          ? `${JSON.stringify(to)} is not one of ${known.join(', ')}`
          : seen.has(to)
            ? `${JSON.stringify(to)} has more than one source`
            : undefined;
    errors.require(problem === undefined, field, `Contains invalid map ${JSON.stringify(map)}: ${problem ?? ''}`);
    seen.add(to);
  }
}

export function checkCertificates(errors: FieldErrors, field: string, certificates: string[]): void {
  for (const pem of certificates) {
    errors.require(isCertificate(pem), field, 'Cannot parse certificates: each must be one certificate in PEM form.');
  }
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== undefined;
  } catch {
    return false;
  }
}

export function checkPrivateKey(errors: FieldErrors, field: string, pem: string): void {
  try {
    createPrivateKey(pem);
  } catch {
    errors.add(field, 'Cannot parse the private key: it must be in PEM form, without a passphrase.');
  }
}

const MAX_TEXT = limit('text of an auth method', 4_096, {
  what: 'a text of an auth method, or one in a list of it, that has no other limit',
  unit: 'characters',
  reached: '400, naming the field',
  test: 'test/integration/text-limits.test.ts: every text has its longest',
});
const MAX_ELEMENTS = limit('list of an auth method', 100, {
  what: 'elements of a list of an auth method: URLs, certificates, maps, audiences, scopes',
  unit: 'elements',
  reached: '400, naming the field',
  test: 'test/integration/text-limits.test.ts: every text has its longest',
});
/** Attributes that are certificates and keys. */
const PEM = ['certificates', 'client_certificate', 'client_certificate_key', 'idp_ca_certs'];

/** Texts and lists have their longest, and lists hold no empty texts. */
export function checkTexts(errors: FieldErrors, given: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(given)) {
    const texts = (Array.isArray(value) ? value : [value]).filter((one) => typeof one === 'string');
    const field = `attributes.${name}`;
    const longest = PEM.includes(name) ? MAX_PEM : MAX_TEXT;
    errors.require(texts.length <= MAX_ELEMENTS, field, `Must have at most ${MAX_ELEMENTS} elements.`);
    const fit = texts.every((text) => text.length <= longest);
    errors.require(fit, field, `Must have at most ${longest} characters${Array.isArray(value) ? ' each' : ''}.`);
    const empty = Array.isArray(value) && texts.some((text) => text.trim() === '');
    errors.require(!empty, field, 'Must not be empty texts.');
  }
}

/**
 * Texts trimmed, empty ones none at all. PEM stays as it came, with its last line end: clients
 * compare it.
 */
export const trimmed = <T extends object>(given: T): T =>
  Object.fromEntries(
    Object.entries(given).flatMap(([name, value]: [string, unknown]) => {
      if (typeof value !== 'string') return [[name, value]];
      const kept = PEM.includes(name) ? value : value.trim();
      return value.trim() === '' ? [] : [[name, kept]];
    }),
  ) as T;

/**
 * Settings as the API shows them: only those that are set, with sorted lists, as clients have
 * always seen them.
 */
export function shownSettings(settings: object, alwaysShown: readonly string[] = []): Record<string, unknown> {
  const entries = Object.entries(settings).flatMap(([name, value]: [string, unknown]) => {
    const unset = value === null || value === '' || ((value === false || value === 0) && !alwaysShown.includes(name));
    if (unset || (Array.isArray(value) && value.length === 0)) return [];
    return [[name, Array.isArray(value) ? [...(value as string[])].sort() : value] as const];
  });
  return Object.fromEntries(entries);
}

/** Settings without the places of secrets, with a warning when secrets are kept back. */
export function withWarning<T extends object>(settings: T, present: SecretPlace): Record<string, unknown> {
  const entries = Object.entries(settings) as [string, unknown][];
  const places = entries.flatMap(([name, value]): [string, SecretPlace | null][] =>
    name.endsWith(PLACE) ? [[name.slice(0, -PLACE.length), value as SecretPlace | null]] : [],
  );
  const warning = keptBackWarning(keptBack(Object.fromEntries(places), present));
  const shown = Object.fromEntries(entries.filter(([name]) => !name.endsWith(PLACE)));
  return { ...shown, ...(warning === undefined ? {} : { warning }) };
}

const PLACE = '_place';
