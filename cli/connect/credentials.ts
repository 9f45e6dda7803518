/**
 * Decides which brokered credentials of a session a helper can use. Each credential has one kind:
 * its declared type where helpers know that type, otherwise the kind that the keys of its secret
 * tell. A helper takes the first credential of a kind. The others are printed for the user.
 */
import type { AsJson } from '../../lib/rpc/as-json';
import type { SessionCredential as Credential } from '../../proto/gen/api/targets';

/** A credential as `authorize-session` answers it. */
export type SessionCredential = AsJson<Credential>;

interface UsernamePassword {
  username: string;
  password: string;
}

interface SshPrivateKey {
  username: string;
  privateKey: string;
  /** Empty for a key without one. */
  passphrase: string;
}

type Kind = 'username_password' | 'password' | 'ssh_private_key';

/** Keys that a secret of the kind has, in the order in which untyped secrets are probed. */
const KEYS: readonly (readonly [Kind, readonly string[]])[] = [
  ['username_password', ['username', 'password']],
  ['password', ['password']],
  ['ssh_private_key', ['username', 'private_key']],
];

interface Sorted {
  credential: SessionCredential;
  kind: Kind | undefined;
  /** Text values of the secret. */
  secret: Readonly<Record<string, string>>;
}

export class BrokeredCredentials {
  private readonly unused: Sorted[];

  constructor(readonly all: readonly SessionCredential[]) {
    this.unused = all.map(sorted);
  }

  /** Takes the first user name with a password. */
  takeUsernamePassword(): UsernamePassword | undefined {
    const secret = this.take('username_password');
    return secret && { username: secret.username!, password: secret.password! };
  }

  /** Takes the first user name with a password. The credential is printed all the same. */
  peekUsernamePassword(): UsernamePassword | undefined {
    const secret = this.unused.find(({ kind }) => kind === 'username_password')?.secret;
    return secret && { username: secret.username!, password: secret.password! };
  }

  /** Takes the first password that stands alone. */
  takePassword(): string | undefined {
    return this.take('password')?.password;
  }

  /**
   * Takes the first SSH private key. One with a passphrase stays among those left over, reduced to
   * the passphrase.
   */
  takeSshPrivateKey(): SshPrivateKey | undefined {
    const at = this.unused.findIndex(({ kind }) => kind === 'ssh_private_key');
    if (at < 0) return undefined;
    const { credential, secret } = this.unused[at]!;
    const passphrase = secret.private_key_passphrase ?? '';
    this.unused.splice(at, 1, ...(passphrase === '' ? [] : [reduced(credential, passphrase)]));
    return { username: secret.username!, privateKey: secret.private_key!, passphrase };
  }

  /** Those that nobody took, in their order. */
  get leftOver(): SessionCredential[] {
    return this.unused.map(({ credential }) => credential);
  }

  private take(wanted: Kind): Readonly<Record<string, string>> | undefined {
    const at = this.unused.findIndex(({ kind }) => kind === wanted);
    return at < 0 ? undefined : this.unused.splice(at, 1)[0]!.secret;
  }
}

function sorted(credential: SessionCredential): Sorted {
  const declared = KEYS.find(([kind]) => kind === credential.credential_source?.credential_type);
  const secret = texts(declared === undefined ? credential.secret?.decoded : typedSecret(credential));
  const kinds = declared === undefined ? KEYS : [declared];
  const found = kinds.find(([, keys]) => keys.every((key) => (secret[key] ?? '') !== ''));
  return { credential, kind: found?.[0], secret };
}

const typedSecret = ({ credential, secret }: SessionCredential): unknown => credential ?? secret?.decoded;

/** Only the values that are text; a list or an object is no user name. */
function texts(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {};
  const entries = Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return Object.fromEntries(entries);
}

function reduced({ credential_source: source }: SessionCredential, passphrase: string): Sorted {
  const rest = { private_key_passphrase: passphrase };
  const raw = Buffer.from(JSON.stringify(rest)).toString('base64');
  return {
    credential: { credential_source: source, secret: { raw, decoded: rest }, credential: rest },
    kind: undefined,
    secret: {},
  };
}
