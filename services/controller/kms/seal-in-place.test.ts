/** Databases of release 0.1.0, whose ciphertexts were bound to the ids of their rows only. */
import { randomBytes } from 'node:crypto';
import { createLogger } from '../../../lib/log/log';
import { createTestDatabase, type TestDatabase } from '../../../test/harness/postgres';
import { openDb, row, rows, sql, transaction, type Db } from '../db/db';
import { loadAuthority } from '../workers/authority';
import { createDeployment, loadListTokens, loadTofuHmac } from '../workers/deployment';
import { open, seal } from './cipher';
import { associatedData, CIPHERTEXTS, placeIn } from './ciphertexts';
import { createKms, type Kms } from './kms';
import { dataKey } from './kms.store';
import { unwrapRoot } from './root-key';
import { sealInPlace } from './seal-in-place';

const rootKey = { id: 'root-1', key: randomBytes(32) };
const now = new Date('2026-01-02T03:04:05Z');
let database: TestDatabase;
let db: Db;
let kms: Kms;

beforeEach(async () => {
  kms = createKms({ rootKey });
  database = await createTestDatabase();
  db = openDb({ url: database.url, log: createLogger('test', { level: 'silent' }) });
  await transaction(db, now, (tx) => createDeployment(tx, kms, now));
});
afterEach(async () => {
  await db.close();
  await database.drop();
});

async function unwrapped(keyId: string): Promise<Buffer> {
  const version = (await dataKey(db.executor, keyId))!;
  return open(unwrapRoot(rootKey, version), version.wrapped_key, version.id);
}

/** Seals the authorities and the first-use key as release 0.1.0 did. */
async function goBack(): Promise<void> {
  for (const { table, id, columns } of CIPHERTEXTS.filter(({ table }) => /^(ca_cert|deployment_k)/.test(table))) {
    const [column] = columns as [string];
    const found = await rows<{ id: string; key_id: string; sealed: Buffer }>(
      db.executor,
      sql`select ${sql.ref(id)} as id, key_id, ${sql.ref(column)} as sealed from ${sql.table(table)}`,
    );
    for (const { id: name, key_id, sealed } of found) {
      const key = await unwrapped(key_id);
      const place = placeIn({ table, id, keyColumn: 'key_id', columns }, column, name);
      const former = seal(key, open(key, sealed, associatedData(place)), former010(table, name));
      await sql`update ${sql.table(table)} set ${sql.ref(column)} = ${former} where ${sql.ref(id)} = ${name}`.execute(
        db.executor,
      );
    }
  }
  await sql`delete from deployment_keys where purpose = 'list tokens'`.execute(db.executor);
}
const former010 = (table: string, name: string): string =>
  table === 'ca_certificates' ? `ca ${name}` : `deployment key ${name}`;

test('the old form is refused; after the upgrade all open in their places, and running it again changes nothing', async () => {
  const tofu = (await loadTofuHmac(db.executor, kms))('t');
  await goBack();
  await expect(loadAuthority(db.executor, kms)).rejects.toThrow();
  await expect(loadTofuHmac(db.executor, kms)).rejects.toThrow();
  await expect(loadListTokens(db.executor, kms)).rejects.toThrow('sallyport database migrate');

  // Both authorities and the first-use key.
  expect(await sealInPlace(db, kms, now)).toBe(3);
  expect((await loadTofuHmac(db.executor, kms))('t').equals(tofu)).toBe(true);
  await loadAuthority(db.executor, kms);
  const tokens = await loadListTokens(db.executor, kms);
  const list = { resourceType: 'group', grantsHash: 'h', createdMs: 1 };
  const text = tokens.encode({ ...list, phase: { kind: 'ended', began: 1 } });

  expect(await sealInPlace(db, kms, now)).toBe(0);
  const again = await loadListTokens(db.executor, kms);
  expect(again.decode(text, { ...list, nowMs: 2 })).toEqual({ kind: 'ended', began: 1 });
});

test('a ciphertext opens in its own column and row only', async () => {
  const place = { column: 'vault_credential_stores.token', row: 'csvlt_1' } as const;
  const { ciphertext, keyId } = await kms.encrypt(db.executor, 'global', 'database', Buffer.from('t'), place);
  const at = (other: object): Promise<Buffer> =>
    kms.decrypt(db.executor, keyId, ciphertext, { ...place, ...(other as typeof place) });
  expect((await at({})).toString()).toBe('t');
  await expect(at({ column: 'vault_credential_stores.client_certificate_key' })).rejects.toThrow();
  await expect(at({ column: 'credential_stores.hmac_key' })).rejects.toThrow();
  await expect(at({ row: 'csvlt_2' })).rejects.toThrow();
  expect((await row<{ n: bigint }>(db.executor, sql`select count(*) as n from deployment_keys`))!.n).toBe(2n);
});
