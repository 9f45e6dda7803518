import { randomBytes } from 'node:crypto';
import { createTestDatabase, type TestDatabase } from '../../../test/harness/postgres';
import { createLogger } from '../../../lib/log/log';
import { openDb, row, rows, sql, transaction, type Db } from '../db/db';
import { open, seal } from './cipher';
import { createKms, RootKeyError } from './kms';
import { KEY_PURPOSES } from './purposes';

let database: TestDatabase;
let db: Db;
let statements: string[];
const AT = { column: 'auth_tokens.token', row: 'at_1' } as const;
const rootKey = { id: 'root-1', key: randomBytes(32) };
const now = new Date('2026-01-02T03:04:05Z');

beforeAll(async () => {
  database = await createTestDatabase();
  statements = [];
  const log = createLogger('test', { level: 'silent' });
  db = openDb({ url: database.url, log, onStatement: (text) => statements.push(text) });
  await transaction(db, now, (tx) => createKms({ rootKey }).createScopeKeys(tx, 'global', now));
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

test('sealing is bound to key, additional data and every bit', () => {
  const key = randomBytes(32);
  const sealed = seal(key, Buffer.from('secret'), 'row');
  expect(open(key, sealed, 'row').toString()).toBe('secret');
  expect(sealed.equals(seal(key, Buffer.from('secret'), 'row'))).toBe(false);
  expect(() => open(key, sealed, 'other row')).toThrow();
  expect(() => open(randomBytes(32), sealed, 'row')).toThrow();
  for (let i = 0; i < sealed.length; i++) {
    const broken = Buffer.from(sealed);
    broken[i]! ^= 1;
    expect(() => open(key, broken, 'row')).toThrow();
  }
  expect(() => open(key, sealed.subarray(0, 27), 'row')).toThrow('too short');
});

test('a scope gets one root key and a data key for each purpose', async () => {
  const made = await rows<{ purpose: string; id: string; version: string }>(
    db.executor,
    sql`select k.purpose, k.id, v.id as version from kms_data_keys k join kms_data_key_versions v on v.data_key_id = k.id`,
  );
  expect(made.map((k) => k.purpose).sort()).toEqual([...KEY_PURPOSES].sort());
  expect(made.every((k) => /^kdk_\w{10}$/.test(k.id) && /^kdkv_\w{10}$/.test(k.version))).toBe(true);
  const root = await row<{ id: string; version: string; wrapping_key_id: string }>(
    db.executor,
    sql`select k.id, v.id as version, v.wrapping_key_id
        from kms_root_keys k join kms_root_key_versions v on v.root_key_id = k.id`,
  );
  expect(root).toMatchObject({ wrapping_key_id: 'root-1' });
  expect(root!.id).toMatch(/^krk_/);
  expect(root!.version).toMatch(/^krkv_/);
});

test('what one controller encrypts another decrypts; purposes have keys of their own', async () => {
  const first = createKms({ rootKey });
  const second = createKms({ rootKey });
  const tokens = await first.encrypt(db.executor, 'global', 'tokens', Buffer.from('t'), AT);
  const sessions = await first.encrypt(db.executor, 'global', 'sessions', Buffer.from('s'), {
    column: 'sessions.private_key',
    row: 's_1',
  });
  expect(tokens.keyId).not.toBe(sessions.keyId);
  expect((await second.decrypt(db.executor, tokens.keyId, tokens.ciphertext, AT)).toString()).toBe('t');
  await expect(second.decrypt(db.executor, tokens.keyId, tokens.ciphertext, { ...AT, row: 'at_2' })).rejects.toThrow();
  await expect(second.decrypt(db.executor, sessions.keyId, tokens.ciphertext, AT)).rejects.toThrow();
});

test('unwrapped keys are kept: the second use needs no statement', async () => {
  const kms = createKms({ rootKey });
  const sealed = await kms.encrypt(db.executor, 'global', 'tokens', Buffer.from('t'), AT);
  statements.length = 0;
  await kms.encrypt(db.executor, 'global', 'tokens', Buffer.from('t'), AT);
  await kms.decrypt(db.executor, sealed.keyId, sealed.ciphertext, AT);
  expect(statements).toEqual([]);
});

test('a wrong root key is told by id and by content, without key material', async () => {
  await expect(createKms({ rootKey }).verify(db.executor)).resolves.toBeUndefined();
  const otherId = createKms({ rootKey: { id: 'root-2', key: rootKey.key } }).verify(db.executor);
  await expect(otherId).rejects.toThrow(RootKeyError);
  await expect(otherId).rejects.toThrow('"root-1"');
  const otherKey = createKms({ rootKey: { id: 'root-1', key: randomBytes(32) } }).verify(db.executor);
  await expect(otherKey).rejects.toThrow(/does not open the database's keys/);
  expect(() => createKms({ rootKey: { id: 'short', key: randomBytes(16) } })).toThrow('32 bytes');
});

test('a scope that is gone is not found, a key that is gone an error of ours', async () => {
  const kms = createKms({ rootKey });
  const sealed = kms.encrypt(db.executor, 'p_nowhere', 'tokens', Buffer.from('t'), AT);
  await expect(sealed).rejects.toMatchObject({ kind: 'NotFound' });
  await expect(kms.decrypt(db.executor, 'kdkv_nowhere', Buffer.alloc(40), AT)).rejects.toThrow('is gone');
});
