/** Rotation, rewrapping and destruction of keys, down to every ciphertext of the schema. */
import { randomBytes } from 'node:crypto';
import { proofIn, proofOf } from '../../../test/harness/proofs';
import { row, rows, sql, transaction } from '../db/db';
import { createSession, createWorld, PROJECT, TOKEN, type World } from '../sessions/sessions.fixture';
import { certificateInfos, loadAuthority } from '../workers/authority';
import { loadTofuHmac } from '../workers/deployment';
import { CIPHERTEXTS } from './ciphertexts';
import { destroyKeyVersion, runDestructionJobs } from './destruction';
import { jobsOf } from './destruction.store';
import { createKms, type Kms } from './kms';
import { keysOf, type KeyRow } from './rotation.store';

let world: World;
const now = new Date('2026-03-04T05:06:08Z');
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.close());

const ROW = { column: 'credentials.secret', row: 'row' } as const;
const on = () => world.db.executor;
const rotation = (scopeId: string) => proofOf('scope', 'rotate-keys', scopeId);
const listing = (scopeId: string) => proofIn('scope', 'list-keys', scopeId);
const rotate = async (scopeId: string, rewrap: boolean): Promise<void> => {
  await transaction(world.db, now, (tx) => world.kms.rotateScopeKeys(tx, rotation(scopeId), rewrap, now));
  world.kms.forgetKeys();
};
const keyOf = async (scopeId: string, purpose: string): Promise<KeyRow> =>
  (await keysOf(on(), listing(scopeId))).find((key) => key.purpose === purpose)!;
const destroy = (scopeId: string, id: string) =>
  destroyKeyVersion(world, proofIn('scope', 'destroy-key-version', scopeId), id, now);
/** Root key versions that wrap data keys of the scope. */
const wrappers = async (scopeId: string): Promise<string[]> =>
  (
    await rows<{ id: string }>(
      on(),
      sql`select distinct v.root_key_version_id as id from kms_data_key_versions v
          join kms_data_keys d on d.id = v.data_key_id join kms_root_keys k on k.id = d.root_key_id
          where k.scope_id = ${scopeId}`,
    )
  ).map((found) => found.id);
const secretOf = async (kms: Kms, sealed: { keyId: string; ciphertext: Buffer }): Promise<string> =>
  (await kms.decrypt(on(), sealed.keyId, sealed.ciphertext, ROW)).toString();

test('every reference to a key version is a known place of ciphertexts', async () => {
  const references = await rows<{ place: string }>(
    on(),
    sql`select c.conrelid::regclass || '.' || a.attname as place
        from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
        where c.contype = 'f' and c.confrelid = 'kms_data_key_versions'::regclass`,
  );
  const known = CIPHERTEXTS.map(({ table, keyColumn }) => `${table}.${keyColumn}`);
  expect(references.map(({ place }) => place).sort()).toEqual([...known].sort());
  const columns = await rows<{ place: string }>(
    on(),
    sql`select table_name || '.' || column_name as place from information_schema.columns
        where table_schema = 'public' and data_type = 'bytea'`,
  );
  const known_columns = CIPHERTEXTS.flatMap(({ table, columns: names }) => names.map((name) => `${table}.${name}`));
  const clear = [
    ...['ca_certificates.certificate', 'recovery_nonces.nonce', 'sessions.certificate', 'sessions.tofu_hmac'],
    'login_networks.network',
  ];
  const wrapped = ['kms_root_key_versions.wrapped_key', 'kms_data_key_versions.wrapped_key'];
  expect(columns.map(({ place }) => place).sort()).toEqual([...known_columns, ...clear, ...wrapped].sort());
});

test('rotation: new secrets use the new version, old ones stay readable, here and at other controllers', async () => {
  const { kms } = world;
  const old = await kms.encrypt(on(), PROJECT, 'database', Buffer.from('old'), ROW);
  await rotate(PROJECT, false);
  const fresh = await kms.encrypt(on(), PROJECT, 'database', Buffer.from('new'), ROW);
  expect(fresh.keyId).not.toBe(old.keyId);
  expect([await secretOf(kms, old), await secretOf(kms, fresh)]).toEqual(['old', 'new']);
  const keys = await keysOf(on(), listing(PROJECT));
  expect(keys).toHaveLength(7);
  for (const key of keys) expect(key.versions.map(({ version }) => version)).toEqual([2, 1]);
  expect((await keyOf(PROJECT, 'database')).versions[0]!.id).toBe(fresh.keyId);
  // Without rewrapping the first root key version still wraps what it wrapped.
  expect(await wrappers(PROJECT)).toHaveLength(2);
  await rotate(PROJECT, true);
  const root = await keyOf(PROJECT, 'rootKey');
  expect(await wrappers(PROJECT)).toEqual([root.versions[0]!.id]);
  kms.forgetKeys();
  expect([await secretOf(kms, old), await secretOf(kms, fresh)]).toEqual(['old', 'new']);
});

test('what was read before a rotation is not taken for the newest key after it', async () => {
  const { kms } = world;
  const reading = kms.encrypt(on(), PROJECT, 'database', Buffer.from('x'), ROW);
  kms.forgetKeys();
  const early = await reading;
  await transaction(world.db, now, (tx) => kms.rotateScopeKeys(tx, rotation(PROJECT), false, now));
  const late = await kms.encrypt(on(), PROJECT, 'database', Buffer.from('x'), ROW);
  expect(late.keyId).not.toBe(early.keyId);
});

test('a root key version is destroyed at once, and its data keys stay usable', async () => {
  const old = await world.kms.encrypt(on(), PROJECT, 'database', Buffer.from('old'), ROW);
  const [first] = (await keyOf(PROJECT, 'rootKey')).versions;
  await expect(destroy(PROJECT, first!.id)).rejects.toMatchObject({ kind: 'InvalidArgument' });
  await rotate(PROJECT, false);
  expect(await destroy(PROJECT, first!.id)).toBe('completed');
  expect((await keyOf(PROJECT, 'rootKey')).versions).toHaveLength(1);
  world.kms.forgetKeys();
  expect(await secretOf(world.kms, old)).toBe('old');
  await expect(destroy(PROJECT, first!.id)).rejects.toMatchObject({ kind: 'NotFound' });
});

test('refused: unknown versions, those of other scopes, the newest, and all of oplog', async () => {
  await rotate(PROJECT, false);
  const [newest, older] = (await keyOf(PROJECT, 'database')).versions;
  await expect(destroy(PROJECT, 'kdkv_AAAAAAAAAA')).rejects.toMatchObject({
    kind: 'NotFound',
    message: 'unknown key_version_id "kdkv_AAAAAAAAAA"',
  });
  await expect(destroy('global', older!.id)).rejects.toMatchObject({ kind: 'NotFound' });
  await expect(destroy(PROJECT, newest!.id)).rejects.toMatchObject({ kind: 'InvalidArgument' });
  const oplog = (await keyOf(PROJECT, 'oplog')).versions[1]!;
  await expect(destroy(PROJECT, oplog.id)).rejects.toMatchObject({ kind: 'InvalidArgument' });
  // Nothing refers to it.
  expect(await destroy(PROJECT, older!.id)).toBe('completed');
  expect(await jobsOf(on(), proofIn('scope', 'list-key-version-destruction-jobs', PROJECT))).toEqual([]);
});

test('a data key version is destroyed after its secrets are encrypted anew', async () => {
  const ids: string[] = [];
  for (let i = 0; i < 3; i++) ids.push(await createSession(world, now));
  const select = sql`select id, private_key, key_id, version, updated_time from sessions order by id`;
  const plain = async () => {
    const found = await rows<{ id: string; private_key: Buffer; key_id: string }>(on(), select);
    return Promise.all(
      found.map((s) => world.kms.decrypt(on(), s.key_id, s.private_key, { column: 'sessions.private_key', row: s.id })),
    );
  };
  const before = await plain();
  await rotate(PROJECT, true);
  const [newest, older] = (await keyOf(PROJECT, 'sessions')).versions;
  expect(await destroy(PROJECT, older!.id)).toBe('pending');
  expect(await destroy(PROJECT, older!.id)).toBe('pending');
  expect(await jobsOf(on(), proofIn('scope', 'list-key-version-destruction-jobs', PROJECT))).toMatchObject([
    { status: 'pending', completed_count: 0n, total_count: 3n },
  ]);
  // A row that somebody holds is left for the next run.
  await transaction(world.db, now, async (tx) => {
    await sql`select from sessions where id = ${ids[0]} for update`.execute(tx);
    await runDestructionJobs(world, now);
  });
  expect(await jobsOf(on(), proofIn('scope', 'list-key-version-destruction-jobs', PROJECT))).toMatchObject([
    { status: 'running', completed_count: 2n, total_count: 3n },
  ]);
  await runDestructionJobs(world, now);
  expect(await jobsOf(on(), proofIn('scope', 'list-key-version-destruction-jobs', PROJECT))).toEqual([]);
  world.kms.forgetKeys();
  expect(await plain()).toEqual(before);
  const after = await rows<{ key_id: string; version: number }>(on(), select);
  for (const session of after) expect(session).toMatchObject({ key_id: newest!.id, version: 1 });
  expect((await keyOf(PROJECT, 'sessions')).versions).toHaveLength(1);
  await runDestructionJobs(world, now);
});

test('the deployment outlives the destruction of all first keys of the global scope', async () => {
  const authority = await loadAuthority(on(), world.kms);
  const hmac = world.tofuHmac('t');
  await rotate('global', true);
  for (const { purpose, versions } of await keysOf(on(), listing('global'))) {
    if (purpose !== 'oplog') await destroy('global', versions[1]!.id);
  }
  await runDestructionJobs(world, now);
  world.kms.forgetKeys();
  const loaded = await loadAuthority(on(), world.kms);
  expect(loaded.current.privateKey.equals(authority.current.privateKey)).toBe(true);
  expect((await loadTofuHmac(on(), world.kms))('t').equals(hmac)).toBe(true);
  const token = await row<{ token: Buffer; key_id: string }>(on(), sql`select token, key_id from auth_tokens`);
  expect(
    (
      await world.kms.decrypt(on(), token!.key_id, token!.token, { column: 'auth_tokens.token', row: TOKEN })
    ).toString(),
  ).toBe('t');
  expect(await certificateInfos(on())).toHaveLength(2);
});

test('a wrong root key rotates nothing', async () => {
  await rotate(PROJECT, false);
  const other = createKms({ rootKey: { id: 'root', key: randomBytes(32) } });
  const [, older] = (await keyOf(PROJECT, 'rootKey')).versions;
  const rewrap = transaction(world.db, now, (tx) => other.rewrapDataKeys(tx, older!.id));
  await expect(rewrap).rejects.toThrow('does not open');
  await expect(
    transaction(world.db, now, (tx) => other.rotateScopeKeys(tx, rotation(PROJECT), true, now)),
  ).rejects.toThrow('does not open');
  expect((await keyOf(PROJECT, 'rootKey')).versions).toHaveLength(2);
});

test('deleting a scope deletes its keys and jobs', async () => {
  await createSession(world, now);
  await rotate(PROJECT, false);
  await destroy(PROJECT, (await keyOf(PROJECT, 'sessions')).versions[1]!.id);
  await transaction(world.db, now, (tx) => sql`delete from scopes where id = ${PROJECT}`.execute(tx));
  expect(await keysOf(on(), listing(PROJECT))).toEqual([]);
  expect(await jobsOf(on(), proofIn('scope', 'list-key-version-destruction-jobs', PROJECT))).toEqual([]);
  await runDestructionJobs(world, now);
});
