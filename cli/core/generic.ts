/**
 * `read ID`, `update ID` and `delete ID`: the kind of the resource follows from the prefix of its
 * id.
 */

interface Kind {
  noun: string;
  /** Word behind `update`. */
  kind?: string;
}

/** By the text in front of the first underscore. */
const PREFIXES: Record<string, Kind> = {
  at: { noun: 'auth-tokens' },
  ampw: { noun: 'auth-methods', kind: 'password' },
  amoidc: { noun: 'auth-methods', kind: 'oidc' },
  amldap: { noun: 'auth-methods', kind: 'ldap' },
  acctpw: { noun: 'accounts', kind: 'password' },
  apw: { noun: 'accounts', kind: 'password' },
  acctoidc: { noun: 'accounts', kind: 'oidc' },
  acctldap: { noun: 'accounts', kind: 'ldap' },
  mgoidc: { noun: 'managed-groups', kind: 'oidc' },
  mgldap: { noun: 'managed-groups', kind: 'ldap' },
  global: { noun: 'scopes' },
  o: { noun: 'scopes' },
  p: { noun: 'scopes' },
  u: { noun: 'users' },
  g: { noun: 'groups' },
  r: { noun: 'roles' },
  csst: { noun: 'credential-stores', kind: 'static' },
  cs: { noun: 'credential-stores', kind: 'static' },
  csvlt: { noun: 'credential-stores', kind: 'vault' },
  clvlt: { noun: 'credential-libraries', kind: 'vault-generic' },
  clvsclt: { noun: 'credential-libraries', kind: 'vault-ssh-certificate' },
  clvllt: { noun: 'credential-libraries', kind: 'vault-ldap' },
  credup: { noun: 'credentials', kind: 'username-password' },
  cred: { noun: 'credentials', kind: 'username-password' },
  credupd: { noun: 'credentials', kind: 'username-password-domain' },
  credp: { noun: 'credentials', kind: 'password' },
  credspk: { noun: 'credentials', kind: 'ssh-private-key' },
  credjson: { noun: 'credentials', kind: 'json' },
  hcst: { noun: 'host-catalogs', kind: 'static' },
  hcplg: { noun: 'host-catalogs', kind: 'plugin' },
  hc: { noun: 'host-catalogs', kind: 'plugin' },
  hsst: { noun: 'host-sets', kind: 'static' },
  hsplg: { noun: 'host-sets', kind: 'plugin' },
  hs: { noun: 'host-sets', kind: 'plugin' },
  hst: { noun: 'hosts', kind: 'static' },
  hplg: { noun: 'hosts' },
  h: { noun: 'hosts' },
  s: { noun: 'sessions' },
  ttcp: { noun: 'targets', kind: 'tcp' },
  tssh: { noun: 'targets', kind: 'ssh' },
  trdp: { noun: 'targets', kind: 'rdp' },
  w: { noun: 'workers' },
  alt: { noun: 'aliases', kind: 'target' },
  pst: { noun: 'policies', kind: 'storage' },
  sb: { noun: 'storage-buckets' },
  sr: { noun: 'session-recordings' },
};

export const GENERIC_VERBS = ['read', 'update', 'delete'];

/** The words with the noun in front; the same words when the id tells no noun. */
export function typedWords(words: readonly string[]): readonly string[] {
  const [verb, id, ...rest] = words;
  if (verb === undefined || id === undefined || !GENERIC_VERBS.includes(verb)) return words;
  const prefix = id.split('_')[0]!;
  const found = Object.hasOwn(PREFIXES, prefix) ? PREFIXES[prefix] : undefined;
  if (found === undefined) return words;
  const kind = verb === 'update' && found.kind !== undefined ? [found.kind] : [];
  return [found.noun, verb, ...kind, '-id', id, ...rest];
}
