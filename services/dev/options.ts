/**
 * Flags of `dev`, which the command line has filled from the environment too: they win over the
 * file of -config, that over the defaults.
 */
import { readFileSync } from 'node:fs';
import { AEAD_KEY_BYTES } from '../../lib/config/aead-key';
import { parseAddress, type HostPort } from '../../lib/config/address';
import { ConfigError, Fields, type Problem } from '../../lib/config/fields';
import { IndirectError, resolveIndirect } from '../../lib/config/indirect';
import { MAX_INT4, MAX_PORT } from '../../lib/contract/numbers';
import { randomBase62 } from '../../lib/ids/ids';
import { readListeners, type Purpose } from '../server/config-listeners';
import { LOG_LEVELS, withLogFlags, type LogSettings } from '../server/log-settings';
import type { Flags } from '../server/streams';

export interface DevSettings {
  idSuffix: string;
  secondaryIdSuffix: string;
  loginName: string;
  password: string;
  unprivilegedLoginName: string;
  unprivilegedPassword: string;
  api: HostPort;
  /** Names that the API answers to, beside loopback ones; undefined: all. */
  apiAllowedHosts: readonly string[] | undefined;
  cluster: HostPort;
  proxy: HostPort;
  ops: HostPort;
  /** Likewise of both ops ports. */
  opsAllowedHosts: readonly string[] | undefined;
  workerOps: HostPort;
  controllerPublicClusterAddress: string | undefined;
  workerPublicAddress: string | undefined;
  hostAddress: string;
  targetDefaultPort: number;
  targetSessionMaxSeconds: number;
  targetSessionConnectionLimit: number;
  controllerOnly: boolean;
  /** Auth methods besides the one with passwords. */
  oidc: boolean;
  ldap: boolean;
  /** Targets to try aliases with. */
  aliasTargets: boolean;
  databaseUrl: string | undefined;
  /** Absent: no demo database and no target for it. */
  demo: { database: string; username: string; password: string | undefined } | undefined;
  dataDir: string | undefined;
  /** Absent: a random one. */
  recoveryKey: Buffer | undefined;
  log: LogSettings;
}

const PASSWORD_LENGTH = 20;
const LOGIN_NAME_LENGTH = 10;
/** Needs no quotes in SQL and in pg_hba.conf. */
const DEMO_NAME = /^[a-z][a-z0-9_]{0,62}$/;
const RESERVED_NAMES = ['postgres', 'sallyport', 'template0', 'template1', 'all', 'replication'];

const randomLoginName = (): string => randomBase62(LOGIN_NAME_LENGTH).toLowerCase();

export function readDevSettings(flags: Flags, env: NodeJS.ProcessEnv): Readonly<DevSettings> {
  const problems: Problem[] = [];
  const read = new Reader(flags, env, problems);
  const file = readFile(flags.texts('config'), env, problems);
  const api = read.address('api-listen-address', file.api?.[0], 9200);
  const ops = read.address('ops-listen-address', file.ops?.[0], 9203);
  const workerOps = read.address('worker-ops-listen-address', file.ops?.[1], 9204);
  const settings: DevSettings = {
    idSuffix: read.suffix('id-suffix', '1234567890'),
    secondaryIdSuffix: read.suffix('secondary-id-suffix', '0987654321'),
    loginName: read.text('login-name', 'admin') || randomLoginName(),
    password: read.text('password', 'password') || randomBase62(PASSWORD_LENGTH),
    unprivilegedLoginName: read.text('unprivileged-login-name', 'user') || randomLoginName(),
    unprivilegedPassword: read.text('unprivileged-password', 'password') || randomBase62(PASSWORD_LENGTH),
    api,
    apiAllowedHosts: allowedHosts([api], flags.texts('api-allowed-host')),
    cluster: read.address('cluster-listen-address', file.cluster?.[0], 9201),
    proxy: read.address('proxy-listen-address', file.proxy?.[0], 9202),
    ops,
    workerOps,
    opsAllowedHosts: allowedHosts([ops, workerOps], flags.texts('ops-allowed-host')),
    controllerPublicClusterAddress: read.optional('controller-public-cluster-address') || undefined,
    workerPublicAddress: read.optional('worker-public-address') || undefined,
    hostAddress: read.text('host-address', 'localhost'),
    targetDefaultPort: read.integer('target-default-port', 22, 1, MAX_PORT),
    targetSessionMaxSeconds: read.integer('target-session-max-seconds', 0, 0, MAX_INT4),
    targetSessionConnectionLimit: read.integer('target-session-connection-limit', -1, -1, MAX_INT4),
    controllerOnly: flags.on('controller-only'),
    oidc: !flags.on('skip-oidc-auth-method-creation'),
    ldap: !flags.on('skip-ldap-auth-method-creation'),
    aliasTargets: !flags.on('skip-alias-target-creation'),
    databaseUrl: read.indirect('database-url') ?? (env['DATABASE_URL'] || undefined),
    demo: read.demo(),
    dataDir: read.optional('data-dir') || undefined,
    recoveryKey: read.key('recovery-key'),
    log: withLogFlags(flags, { level: read.level(file.logLevel), format: 'json', events: { allow: [], deny: [] } }),
  };
  if (settings.idSuffix === settings.secondaryIdSuffix) {
    problems.push({ path: '-secondary-id-suffix', expected: 'another text than -id-suffix' });
  }
  if (problems.length > 0) throw new ConfigError('flags of "dev"', problems);
  return Object.freeze(settings);
}

/** `*` among the names lets all through. */
const allowedHosts = (own: HostPort[], names: readonly string[]): readonly string[] | undefined =>
  names.includes('*') ? undefined : [...own.map(({ host }) => host), ...names].map((name) => name.toLowerCase());

class Reader {
  constructor(
    private readonly flags: Flags,
    private readonly env: NodeJS.ProcessEnv,
    private readonly problems: Problem[],
  ) {}

  optional(flag: string): string | undefined {
    return this.flags.given(flag);
  }

  text(flag: string, fallback: string): string {
    return this.optional(flag) ?? fallback;
  }

  suffix(flag: string, fallback: string): string {
    const text = this.text(flag, fallback);
    if (!/^[A-Za-z0-9]{10}$/.test(text)) this.problems.push({ path: `-${flag}`, expected: '10 letters and digits' });
    return text;
  }

  integer(flag: string, fallback: number, min: number, max: number): number {
    const text = this.text(flag, String(fallback));
    const value = /^-?\d+$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    this.problems.push({ path: `-${flag}`, expected: `a whole number from ${min} to ${max}` });
    return fallback;
  }

  address(flag: string, fromFile: HostPort | undefined, port: number): HostPort {
    const text = this.optional(flag);
    if (text === undefined) return fromFile ?? { host: '127.0.0.1', port };
    const address = parseAddress(text, port);
    if (address !== undefined) return address;
    this.problems.push({ path: `-${flag}`, expected: `an address such as 127.0.0.1:${port}` });
    return { host: '127.0.0.1', port };
  }

  demo(): DevSettings['demo'] {
    if (this.flags.on('skip-demo-database')) return undefined;
    const database = this.text('demo-database-name', 'demo');
    const username = this.text('demo-username', 'demo');
    for (const [flag, name] of [['demo-database-name', database] as const, ['demo-username', username] as const]) {
      if (DEMO_NAME.test(name) && !RESERVED_NAMES.includes(name)) continue;
      const expected = `a small letter, then up to 62 small letters, digits and underscores; not ${RESERVED_NAMES.join(', ')}`;
      this.problems.push({ path: `-${flag}`, expected });
    }
    return { database, username, password: this.optional('demo-password') || undefined };
  }

  indirect(flag: string): string | undefined {
    const text = this.optional(flag);
    try {
      return text === undefined ? undefined : resolveIndirect(text, this.env) || undefined;
    } catch (error) {
      if (!(error instanceof IndirectError)) throw error;
      this.problems.push({ path: `-${flag}`, expected: `a value where it refers to: ${error.message}` });
      return undefined;
    }
  }

  key(flag: string): Buffer | undefined {
    const text = this.optional(flag);
    if (text === undefined || text === '') return undefined;
    const key = Buffer.from(text, 'base64');
    if (key.length === AEAD_KEY_BYTES) return key;
    this.problems.push({ path: `-${flag}`, expected: `${AEAD_KEY_BYTES} bytes in base64` });
    return undefined;
  }

  level(fromFile: string | undefined): string {
    const level = (this.flags.text('log-level') ?? fromFile ?? 'warn').toLowerCase();
    if (!(LOG_LEVELS as readonly string[]).includes(level)) {
      this.problems.push({ path: '-log-level', expected: `one of ${LOG_LEVELS.join(', ')}` });
    }
    return level === 'err' ? 'error' : level;
  }
}

type FromFile = Partial<Record<Purpose, HostPort[]>> & { logLevel?: string | undefined };

/** Only the addresses of the listeners and the log level of the file are used. */
function readFile([path, ...more]: readonly string[], env: NodeJS.ProcessEnv, problems: Problem[]): FromFile {
  if (path === undefined) return {};
  if (more.length > 0) problems.push({ path: '-config', expected: 'one file; several are not merged' });
  let values: unknown;
  try {
    values = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    problems.push({ path: '-config', expected: `a readable file with one JSON object (${path})` });
    return {};
  }
  const top = new Fields(values as Record<string, unknown>, '', problems, env);
  const listeners = readListeners(top, []);
  const addresses = (purpose: Purpose): HostPort[] => listeners[purpose].map((listener) => listener.address);
  return {
    api: addresses('api'),
    cluster: addresses('cluster'),
    proxy: addresses('proxy'),
    ops: addresses('ops'),
    logLevel: top.word('log_level', LOG_LEVELS),
  };
}
