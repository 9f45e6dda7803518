import { brokerCredential } from '../init/credentials';
import { createWorld, NOW, PROJECT, TARGET, type World } from '../sessions/sessions.fixture';
import { changed, sql, transaction } from '../db/db';
import type { ControllerDeps } from '../context';
import { brokeredCredentials } from './authorize-session.credentials';

let world: World;
beforeAll(async () => {
  world = await createWorld();
  await transaction(world.db, NOW, async (tx) => {
    for (const n of [1, 2]) {
      const planned = {
        storeId: `csst_000000000${n}`,
        id: `credup_000000000${n}`,
        username: `u${n}`,
        password: `p${n}`,
      };
      await brokerCredential(tx, world.kms, PROJECT, TARGET, planned, NOW);
      await changed(tx, sql`update credential_stores set name = null`);
    }
  });
});
afterAll(() => world.close());

const credentials = () => brokeredCredentials({ db: world.db, kms: world.kms } as ControllerDeps, TARGET);

test('all credentials in one statement', async () => {
  await credentials();
  world.statements.length = 0;
  expect((await credentials()).map((one) => one.credential)).toEqual([
    { username: 'u1', password: 'p1' },
    { username: 'u2', password: 'p2' },
  ]);
  expect(world.statements).toHaveLength(1);
});

test('a library of a Vault is refused with its id and the remedy', async () => {
  await transaction(world.db, NOW, async (tx) => {
    await changed(
      tx,
      sql`insert into credential_stores (id, scope_id, type, hmac_key, key_id, created_time, updated_time)
          select 'csvlt_0000000001', scope_id, 'vault', hmac_key, key_id, created_time, updated_time
          from credential_stores where id = 'csst_0000000001'`,
    );
    await changed(
      tx,
      sql`insert into credential_libraries (id, credential_store_id, scope_id, type, attributes, created_time, updated_time)
          values ('clvlt_0000000001', 'csvlt_0000000001', ${PROJECT}, 'vault-generic', '{"path":"x"}', ${NOW}, ${NOW})`,
    );
    await changed(
      tx,
      sql`insert into target_credential_sources (target_id, scope_id, purpose, credential_library_id)
          values (${TARGET}, ${PROJECT}, 'brokered', 'clvlt_0000000001')`,
    );
  });
  await expect(credentials()).rejects.toMatchObject({
    kind: 'FailedPrecondition',
    message: expect.stringContaining('clvlt_0000000001'),
  });
});
