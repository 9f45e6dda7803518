/**
 * Every stored secret goes to the place only that it was given for. For each secret and each
 * setting that says where it goes: what answers say after a change, after going back, and when the
 * secret is given anew; and the same for rows of before places were kept.
 */
import { readFileSync } from 'node:fs';
import { packageFile } from '../../lib/config/package-root';
import { rows, sql } from '../../services/controller/db/db';
import { DEV } from '../harness/controller';
import { testAuthority, testCertificate, type Pem } from '../harness/test-authority';
import { VaultServer } from '../harness/vault';
import { startWholeController, type WholeController } from '../harness/whole-controller';

let controller: WholeController;
let vault: VaultServer;
let other: VaultServer;
let client: Pem;
let own: Pem;
let foreign: Pem;

beforeAll(async () => {
  [client, own, foreign] = (await Promise.all([1, 2, 3].map(async () => testCertificate(await testAuthority())))) as [
    Pem,
    Pem,
    Pem,
  ];
  vault = new VaultServer(own);
  other = new VaultServer(foreign);
  await vault.start();
  await other.start();
  controller = await startWholeController();
});
afterAll(async () => {
  await controller.stop();
  await vault.stop();
  await other.stop();
});
beforeEach(() => {
  vault.reset();
  other.reset();
});

interface Kind {
  path: string;
  scope_id: string;
  type: string;
  /** Settings as created, secrets among them. */
  attributes: () => Record<string, unknown>;
  /** What is set together with a secret. */
  secrets: Record<string, () => Record<string, unknown>>;
  /** Changes of where the secrets go. */
  moves: () => Record<string, unknown>[];
  /** Changes that leave them where they are. */
  stays: () => Record<string, unknown>[];
}

const pair = () => ({ client_certificate: String(client.cert).trim(), client_certificate_key: String(client.key) });
const ca = ({ ca: pem }: Pem): string => String(pem).trim();

const KINDS: Record<string, Kind> = {
  'a Vault store': {
    path: 'credential-stores',
    scope_id: DEV.project,
    type: 'vault',
    attributes: () => ({ address: vault.address, ca_cert: ca(own), token: 'hvs.given', ...pair() }),
    secrets: { token: () => ({ token: 'hvs.given' }), client_certificate_key: pair },
    moves: () => [
      { address: other.address, ca_cert: ca(foreign) },
      { ca_cert: ca(foreign) },
      { ca_cert: null },
      { tls_skip_verify: true },
      { tls_server_name: 'other.example' },
      { address: other.address, tls_skip_verify: true },
    ],
    stays: () => [{ namespace: 'inner' }, { address: `${vault.address}/` }],
  },
  'an OIDC method': {
    path: 'auth-methods',
    scope_id: DEV.org,
    type: 'oidc',
    attributes: () => ({
      issuer: 'https://id.example',
      client_id: 'c',
      client_secret: 'given',
      api_url_prefix: 'https://a.example',
      idp_ca_certs: [ca(own)],
    }),
    secrets: { client_secret: () => ({ client_secret: 'given' }) },
    moves: () => [
      { issuer: 'https://evil.example' },
      { issuer: 'http://id.example' },
      { issuer: 'https://id.example:8443' },
      { issuer: 'https://id.example/tenant' },
      { idp_ca_certs: [ca(foreign)] },
      { idp_ca_certs: [ca(own), ca(foreign)] },
      { idp_ca_certs: null },
    ],
    stays: () => [{ client_id: 'other' }, { issuer: 'https://ID.example/' }, { claims_scopes: ['email'] }],
  },
  'an LDAP method': {
    path: 'auth-methods',
    scope_id: DEV.org,
    type: 'ldap',
    attributes: () => ({
      urls: ['ldap://a.example', 'ldap://b.example'],
      start_tls: true,
      certificates: [ca(own)],
      bind_dn: 'cn=a',
      bind_password: 'given',
      ...pair(),
    }),
    secrets: { bind_password: () => ({ bind_dn: 'cn=a', bind_password: 'given' }), client_certificate_key: pair },
    moves: () => [
      { urls: ['ldap://a.example', 'ldap://evil.example'] },
      { urls: ['ldaps://evil.example'] },
      { urls: ['ldap://a.example:390'] },
      { start_tls: false },
      { start_tls: null },
      { insecure_tls: true },
      { certificates: [ca(foreign)] },
      { certificates: null },
    ],
    stays: () => [{ urls: ['ldap://b.example'] }, { user_dn: 'ou=people' }, { bind_dn: 'cn=other' }],
  },
};

class Made {
  private version = 1;
  private constructor(
    private readonly kind: Kind,
    readonly id: string,
  ) {}

  static async create(kind: Kind): Promise<Made> {
    const { path, scope_id, type } = kind;
    const item = await controller.api.ok('POST', `/v1/${path}`, { scope_id, type, attributes: kind.attributes() });
    expect(item.attributes.warning).toBeUndefined();
    return new Made(kind, item.id as string);
  }

  /** Answers the warning, of which reads and lists say the same. */
  async change(attributes: object): Promise<string | undefined> {
    const at = `/v1/${this.kind.path}/${this.id}`;
    const answer = await controller.api.ok('PATCH', at, { version: this.version++, attributes });
    const read = await controller.api.ok('GET', at);
    const list = await controller.api.ok('GET', `/v1/${this.kind.path}?scope_id=${this.kind.scope_id}`);
    const listed = (list.items as any[]).find(({ id }) => id === this.id);
    const warnings = [answer, read, listed].map((item) => item.attributes.warning as string | undefined);
    expect(new Set(warnings).size).toBe(1);
    return warnings[0];
  }

  /** The settings of a change as they were, with `null` for what was not set. */
  undone(change: object): object {
    const before = this.kind.attributes();
    return Object.fromEntries(Object.keys(change).map((name) => [name, before[name] ?? null]));
  }
}

const naming = (warning: string | undefined, names: string[]): void => {
  for (const name of names) expect(warning).toMatch(new RegExp(`\\b${name}\\b.* kept back`));
};

describe.each(Object.entries(KINDS))('%s', (_, kind) => {
  test('each move keeps every secret back; undoing it gives them back', async () => {
    const made = await Made.create(kind);
    for (const move of kind.moves()) {
      naming(await made.change(move), Object.keys(kind.secrets));
      expect([move, await made.change(made.undone(move))]).toEqual([move, undefined]);
    }
    for (const stay of kind.stays()) expect([stay, await made.change(stay)]).toEqual([stay, undefined]);
  }, 60_000);

  test('a secret that is given anew, with the move or after it, counts for the new place, and the others do not', async () => {
    const names = Object.keys(kind.secrets);
    const [move] = kind.moves();
    for (const name of names) {
      const others = names.filter((one) => one !== name);
      for (const together of [true, false]) {
        const made = await Made.create(kind);
        if (!together) await made.change(move!);
        const warning = await made.change({ ...(together ? move : {}), ...kind.secrets[name]!() });
        naming(warning, others);
        expect(warning ?? '').not.toContain(name);
        // Now it is the former place that it was not given for.
        naming(await made.change(made.undone(move!)), [name]);
      }
    }
  }, 60_000);

  test('rows of before count as given for what is set', async () => {
    const made = await Made.create(kind);
    const moved = await Made.create(kind);
    naming(await moved.change(kind.moves()[0]!), Object.keys(kind.secrets));
    const before = await placesOf();
    await goBack();
    const after = await placesOf();
    expect(after[made.id]).toEqual(before[made.id]);
    expect(await made.change(kind.stays()[0]!)).toBeUndefined();
    expect(await moved.change({ ...kind.moves()[0]! })).toBeUndefined();
    naming(await made.change(kind.moves()[0]!), Object.keys(kind.secrets));
  }, 60_000);
});

const TABLES: Record<string, string[]> = {
  vault_credential_stores: ['token_place', 'client_certificate_key_place'],
  oidc_auth_methods: ['client_secret_place'],
  ldap_auth_methods: ['bind_password_place', 'client_certificate_key_place'],
};

/** The stored places by row. */
async function placesOf(): Promise<Record<string, unknown>> {
  const all: Record<string, unknown> = {};
  for (const [table, columns] of Object.entries(TABLES)) {
    const found = await rows<{ id: string }>(
      controller.db.executor,
      sql`select id, ${sql.join(columns.map((name) => sql.ref(name)))} from ${sql.table(table)}`,
    );
    for (const { id, ...places } of found) all[id] = places;
  }
  return all;
}

/**
 * Takes the columns away, with what hangs on them, and applies the migration to the rows that are
 * there.
 */
async function goBack(): Promise<void> {
  const on = controller.db.executor;
  for (const [table, columns] of Object.entries(TABLES)) {
    for (const name of columns) await sql`alter table ${sql.table(table)} drop column ${sql.ref(name)}`.execute(on);
  }
  const file = packageFile('services', 'controller', 'migrations', '0019_secret_places.sql');
  await sql.raw(readFileSync(file, 'utf8')).execute(on);
}

test('rows without a secret get no place', async () => {
  const { id } = await controller.api.ok('POST', '/v1/auth-methods', {
    scope_id: DEV.org,
    type: 'ldap',
    attributes: { urls: ['ldaps://c.example'] },
  });
  await goBack();
  expect((await placesOf())[id]).toEqual({ bind_password_place: null, client_certificate_key_place: null });
});

describe('what a Vault sees', () => {
  const tokens = (server: VaultServer): string[] => server.seen.map(({ token }) => token).filter((text) => text !== '');
  const toOther = () => ({ address: other.address, ca_cert: ca(foreign) });

  test('the other server gets neither token nor certificate, until each is given for it', async () => {
    const made = await Made.create(KINDS['a Vault store']!);
    expect([tokens(vault).includes('hvs.given'), vault.certified.includes(true)]).toEqual([true, true]);
    await made.change(toOther());
    expect(other.seen.length).toBeGreaterThan(0);
    expect([tokens(other), other.certified.includes(true)]).toEqual([[], false]);

    await made.change({ token: 'hvs.anew' });
    expect([new Set(tokens(other)), other.certified.includes(true)]).toEqual([new Set(['hvs.anew']), false]);
    await made.change({ ...pair(), address: other.address });
    expect(other.certified.at(-1)).toBe(true);
    expect(JSON.stringify(other.seen)).not.toContain('hvs.given');
  });

  test('going back: both are sent again', async () => {
    const made = await Made.create(KINDS['a Vault store']!);
    await made.change(toOther());
    vault.reset();
    await made.change(made.undone(toOther()));
    expect([tokens(vault).includes('hvs.given'), vault.certified.at(-1)]).toEqual([true, true]);
  });
});

test('a dry run of an OIDC method tells what the change would', async () => {
  const kind = KINDS['an OIDC method']!;
  const made = await Made.create(kind);
  const dry = async (attributes: object): Promise<string | undefined> => {
    const body = { version: 1, attributes: { ...attributes, dry_run: true } };
    return (await controller.api.ok('PATCH', `/v1/auth-methods/${made.id}`, body)).attributes.warning as
      string | undefined;
  };
  const [move] = kind.moves();
  naming(await dry(move!), ['client_secret']);
  expect(await dry({ ...move, client_secret: 'anew' })).toBeUndefined();
});
