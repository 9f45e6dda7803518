/**
 * Which of a session's brokered credentials a program can use. Each credential is of one kind: the
 * declared type decides where it is one that helpers know, else the keys of the decoded secret do.
 * A program takes the first one of a kind; a user name that the user gives puts those of that name
 * first. What is left over is for the user.
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
  /** The program has it; or the person needs it, because the program cannot be given it. */
  use?: 'taken' | 'typed';
}

/** A credential that a program without a form of its own gets. */
export interface WholeCredential {
  /** Text values of the secret by their names. */
  texts: Readonly<Record<string, string>>;
  /** The secret, whatever it is, as JSON. */
  json: string;
}

export class BrokeredCredentials {
  private readonly sorted: Sorted[];

  /** An empty `username` chooses nothing. */
  constructor(
    readonly all: readonly SessionCredential[],
    username = '',
  ) {
    const found = all.map(sorted);
    const isChosen = ({ secret }: Sorted): boolean => username !== '' && secret.username === username;
    this.sorted = [...found.filter(isChosen), ...found.filter((one) => !isChosen(one))];
  }

  /** The user names among them. */
  get usernames(): string[] {
    return [...new Set(this.sorted.flatMap(({ secret: { username } }) => username ?? []))];
  }

  /** Takes the first user name with a password. */
  takeUsernamePassword(): UsernamePassword | undefined {
    const secret = this.use('username_password', 'taken');
    return secret && { username: secret.username!, password: secret.password! };
  }

  /** The first user name with a password, for a program that asks the person for the password. */
  typedUsernamePassword(): UsernamePassword | undefined {
    const secret = this.use('username_password', 'typed');
    return secret && { username: secret.username!, password: secret.password! };
  }

  /** Takes the first password that stands alone. */
  takePassword(): string | undefined {
    return this.use('password', 'taken')?.password;
  }

  /** Takes the first SSH private key. The person needs the passphrase, if it has one. */
  takeSshPrivateKey(): SshPrivateKey | undefined {
    const found = this.sorted.find(({ kind, use }) => kind === 'ssh_private_key' && use === undefined);
    if (found === undefined) return undefined;
    const { credential, secret } = found;
    const passphrase = secret.private_key_passphrase ?? '';
    found.use = 'taken';
    if (passphrase !== '') this.sorted.push(reduced(credential, passphrase));
    return { username: secret.username!, privateKey: secret.private_key!, passphrase };
  }

  /** Takes the first one, whatever it is. */
  takeWhole(): WholeCredential | undefined {
    const [found] = this.sorted;
    if (found === undefined) return undefined;
    found.use = 'taken';
    const { credential, secret } = found.credential;
    return { texts: found.secret, json: JSON.stringify(typedSecret(found.credential) ?? credential ?? secret ?? null) };
  }

  /**
   * Those that the person needs, as no program has them: the first one where the program takes none
   * at all.
   */
  get toType(): SessionCredential[] {
    const typed = this.sorted.filter(({ use }) => use === 'typed');
    const shown = this.sorted.some(({ use }) => use !== undefined) ? typed : this.sorted.slice(0, 1);
    return shown.map(({ credential }) => credential);
  }

  /** The others, which may be chosen instead. */
  get others(): SessionCredential[] {
    const shown = new Set(this.toType);
    return this.sorted
      .filter(({ credential, use }) => use === undefined && !shown.has(credential))
      .map(({ credential }) => credential);
  }

  private use(wanted: Kind, use: 'taken' | 'typed'): Readonly<Record<string, string>> | undefined {
    const found = this.sorted.find((one) => one.kind === wanted && one.use === undefined);
    if (found !== undefined) found.use = use;
    return found?.secret;
  }
}

/** The user name that the secret of a credential names. */
export const usernameOf = (credential: SessionCredential): string => sorted(credential).secret.username ?? '';

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
    use: 'typed',
  };
}
