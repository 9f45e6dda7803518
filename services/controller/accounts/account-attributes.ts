/** Attributes of accounts, by type: what callers may send, and what is wrong with it. */
import { limit } from '../../../lib/limits/limit';
import { checkUrl, trimmed } from '../auth-methods/attribute-rules';
import type { MethodType } from '../auth-methods/auth-methods';
import { readAttributes } from '../resources/attributes';
import type { FieldErrors } from '../resources/fields';

type Given = Readonly<Record<string, unknown>> | undefined;

const KNOWN = {
  password: { login_name: 'text', password: 'text' },
  oidc: {
    issuer: 'text',
    subject: 'text',
    full_name: 'text',
    email: 'text',
  },
  ldap: { login_name: 'text', full_name: 'text', email: 'text', dn: 'text', member_of_groups: 'texts' },
} as const;

/** Filled at logins. */
const READ_ONLY = ['full_name', 'email', 'dn', 'member_of_groups', 'token_claims', 'userinfo_claims'];
const REQUIRED = 'This is a required field for this type.';
/** Characters of a subject, OpenID Connect Core 1.0, section 2. */
const MAX_SUBJECT = limit('subject', 255, {
  what: 'subject of an OIDC account',
  unit: 'characters',
  reached: '400, naming the field',
  test: 'test/integration/text-limits.test.ts: every text has its longest',
});
const MAX_LDAP_LOGIN_NAME = limit('login name of an LDAP account', 512, {
  what: 'login name of an LDAP account',
  unit: 'characters',
  reached: '400, naming the field',
  test: 'test/integration/text-limits.test.ts: every text has its longest',
});

export interface NewAccount {
  login_name: string;
  /** Password accounts that can log in at once. */
  password: string | undefined;
  subject: string;
  /** Undefined: that of the auth method. */
  issuer: string | undefined;
}

const NOTHING: NewAccount = { login_name: '', password: undefined, subject: '', issuer: undefined };

/** Attributes of a new account. */
export function readNewAccount(errors: FieldErrors, type: MethodType, given: Given): NewAccount {
  switch (type) {
    case 'password': {
      const { login_name = '', password } = readAttributes(given, KNOWN.password);
      errors.require(login_name !== '', 'login_name', REQUIRED);
      errors.require(password !== '', 'attributes.password', 'Password is too short. Leave it out to set none.');
      return { ...NOTHING, login_name, password };
    }
    case 'oidc':
      return newOidc(errors, given);
    case 'ldap':
      return newLdap(errors, given);
  }
}

function newOidc(errors: FieldErrors, given: Given): NewAccount {
  const { subject = '', issuer } = trimmed(readOpen(errors, given, KNOWN.oidc));
  errors.require(subject !== '', 'attributes.subject', REQUIRED);
  errors.require(subject.length <= MAX_SUBJECT, 'attributes.subject', `Must have at most ${MAX_SUBJECT} characters.`);
  if (issuer !== undefined) checkUrl(errors, 'attributes.issuer', issuer);
  return { ...NOTHING, subject, issuer };
}

function newLdap(errors: FieldErrors, given: Given): NewAccount {
  const { login_name = '' } = trimmed(readOpen(errors, given, KNOWN.ldap));
  const field = 'attributes.login_name';
  errors.require(login_name !== '', field, REQUIRED);
  errors.require(login_name === login_name.toLowerCase(), field, 'Login names must be in lower case.');
  const fits = login_name.length <= MAX_LDAP_LOGIN_NAME;
  errors.require(fits, field, `Login names must have at most ${MAX_LDAP_LOGIN_NAME} characters.`);
  return { ...NOTHING, login_name };
}

/** Reports attributes that only logins set, and answers the others. */
function readOpen<T extends (typeof KNOWN)['oidc' | 'ldap']>(errors: FieldErrors, given: Given, known: T) {
  const open = Object.entries(given ?? {}).filter(([name, value]) => {
    if (READ_ONLY.includes(name)) errors.require(value === null, `attributes.${name}`, 'This is a read only field.');
    return !READ_ONLY.includes(name);
  });
  return readAttributes(Object.fromEntries(open), known);
}

/** Login name that a change sets: attributes of other types are fixed after creation. */
export function readAccountChange(
  errors: FieldErrors,
  type: MethodType,
  given: Given,
  mask: readonly string[],
): string | undefined {
  if (type === 'password') return readAttributes(given, KNOWN.password).login_name;
  readAttributes(given, KNOWN[type]);
  for (const path of mask.filter((one) => one.startsWith('attributes.'))) {
    const isFilled = READ_ONLY.includes(path.slice('attributes.'.length));
    errors.add(path, isFilled ? 'Field is read only.' : 'Field cannot be updated.');
  }
  return undefined;
}
