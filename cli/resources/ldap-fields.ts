/** Flags of LDAP auth methods. */
import { UsageError } from '../io/errors';
import type { Field } from '../core/fields';

const CLEAR = 'The word null clears it.';

const text = (name: string, description: string, more: Partial<Field> = {}): Field => ({
  flag: { name, type: 'string', description: `${description} ${CLEAR}` },
  path: `attributes.${name.replaceAll('-', '_')}`,
  ...more,
});

const flag = (name: string, description: string): Field => ({
  flag: { name, type: 'bool', description },
  path: `attributes.${name.replaceAll('-', '_')}`,
});

const list = (name: string, attribute: string, description: string, more: Partial<Field> = {}): Field => ({
  flag: { name, type: 'list', description },
  path: `attributes.${attribute}`,
  ...more,
});

function directoryUrl(url: string): string {
  if (/^ldaps?:\/\/./i.test(url)) return url;
  throw new UsageError(`The URL ${JSON.stringify(url)} must begin with ldap:// or ldaps://`);
}

function pem(content: string): string {
  if (/-----BEGIN [A-Z ]+-----/.test(content)) return content;
  throw new UsageError('A certificate or key must be in PEM form');
}

const DEREFERENCE: Readonly<Record<string, string>> = {
  never: 'NeverDerefAliases',
  finding: 'DerefFindingBaseObj',
  searching: 'DerefInSearching',
  always: 'DerefAlways',
};

function dereference(word: string): string {
  const value = DEREFERENCE[word];
  if (value !== undefined) return value;
  throw new UsageError(`-deref-aliases must be one of ${Object.keys(DEREFERENCE).join(', ')}`);
}

const REFERENCE = 'Where to find it: env://NAME or file://PATH.';

export const LDAP: Field[] = [
  list('urls', 'urls', 'URL of a directory, ldap:// or ldaps://; once for each, the first is tried first.', {
    parse: directoryUrl,
    clearable: false,
  }),
  flag('start-tls', 'Change to TLS after connecting to ldap:// URLs.'),
  flag('insecure-tls', 'Do not verify the certificates of the directories. Not for production.'),
  flag('discover-dn', 'Search for the name to bind with, anonymously.'),
  flag('anon-group-search', 'Search for groups anonymously.'),
  text('upn-domain', 'Domain behind the login name, for directories that bind by user@domain.'),
  text('user-dn', 'Where users are searched for.'),
  text('user-attr', 'Attribute that holds the login name.'),
  text('user-filter', 'LDAP filter of the search for users.'),
  flag('enable-groups', 'Look up the groups of users.'),
  flag('use-token-groups', 'Look them up through the attribute tokenGroups of Active Directory.'),
  text('group-dn', 'Where groups are searched for.'),
  text('group-attr', 'Attribute that holds the name of a group.'),
  text('group-filter', 'LDAP filter of the search for groups.'),
  list('certificate', 'certificates', `Certificate, PEM, that directories may be verified with. ${REFERENCE}`, {
    indirect: true,
    parse: pem,
  }),
  text('client-certificate', `Certificate, PEM, to connect with. ${REFERENCE}`, { indirect: true, parse: pem }),
  text('client-certificate-key', `Its private key, PEM. ${REFERENCE}`, { indirect: true, parse: pem }),
  text('bind-dn', 'Name to search with.'),
  text('bind-password', `Password to search with. ${REFERENCE}`, { indirect: true }),
  list('account-attribute-map', 'account_attribute_maps', 'Attribute to take email or fullName from, from=to.'),
  {
    ...text('state', ''),
    flag: {
      name: 'state',
      type: 'string',
      description: 'inactive, active-private, or active-public (shown to callers who are not logged in).',
    },
    clearable: false,
  },
  {
    flag: { name: 'max-page-size', type: 'uint', description: 'Entries of one page of a search; 0 for no pages.' },
    path: 'attributes.maximum_page_size',
  },
  text('deref-aliases', 'When aliases are followed: never, finding, searching, always.', {
    path: 'attributes.dereference_aliases',
    parse: dereference,
  }),
];
