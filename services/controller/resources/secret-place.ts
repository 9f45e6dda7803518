/**
 * Where a stored secret may be sent. Whoever may change the address of a Vault store or an auth
 * method does not thereby get the secret that somebody else gave it: a secret goes to the servers
 * it was given for, and only while the connection is checked at least as strictly. After a change
 * it is kept back until it is given anew, or until the change is undone.
 */

export interface SecretPlace {
  /** URLs. */
  servers: readonly string[];
  /** Certificate authorities, PEM; none: those of the system. */
  ca: readonly string[];
  /** Name that the server's certificate must have instead of that of the URL. */
  server_name: string | null;
  /** The server's certificate is not checked. */
  unverified: boolean;
  /** TLS begins inside of a plain connection (LDAP). */
  start_tls: boolean;
}

/** Makes a place. What is left out gets its strictest value. */
export const secretPlace = (known: Partial<SecretPlace> & Pick<SecretPlace, 'servers'>): SecretPlace => ({
  ca: [],
  server_name: null,
  unverified: false,
  start_tls: false,
  ...known,
});

/** Whether a secret that was given for one place may go to another. */
export function covers(given: SecretPlace, present: SecretPlace): boolean {
  const servers = new Set(given.servers.map(normalized));
  if (!present.servers.every((server) => servers.has(normalized(server)))) return false;
  if (given.start_tls && !present.start_tls) return false;
  if (given.unverified) return true;
  return !present.unverified && given.server_name === present.server_name && sameAuthorities(given.ca, present.ca);
}

const sameAuthorities = (one: readonly string[], other: readonly string[]): boolean =>
  JSON.stringify(one.map((pem) => pem.trim()).sort()) === JSON.stringify(other.map((pem) => pem.trim()).sort());

/** One text for all ways of writing a URL. */
function normalized(text: string): string {
  const plain = text.trim().replace(/\/\.well-known\/openid-configuration\/?$/, '');
  return (URL.canParse(plain) ? new URL(plain).href : plain).replace(/\/+$/, '');
}

/**
 * Names of the secrets that are kept back. `places`: what each was given for; null for one that is
 * not set.
 */
export const keptBack = (places: Readonly<Record<string, SecretPlace | null>>, present: SecretPlace): string[] =>
  Object.entries(places).flatMap(([name, given]) => (given === null || covers(given, present) ? [] : [name]));

/** What answers and errors say of secrets that are kept back; undefined when none is. */
export function keptBackWarning(names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined;
  const [is, it] = names.length === 1 ? ['is', 'it was'] : ['are', 'they were'];
  return (
    `${names.join(' and ')} ${is} kept back: ${it} given for another address or for stricter TLS settings. ` +
    'Give the value anew, or go back to the former settings.'
  );
}
