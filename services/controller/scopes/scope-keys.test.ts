/** Keys of scopes through the scopes service. */
import { DEV, fieldsOf, startTestController, type TestController } from '../../../test/harness/controller';
import { sql } from '../db/db';
import { runDestructionJobs } from '../kms/destruction';
import { scopeService } from './scopes.rpc';

let controller: TestController;
beforeAll(async () => {
  controller = await startTestController((deps) => [scopeService(deps)]);
});
afterAll(() => controller.stop());

const keys = async (id: string) => (await controller.admin.call('ScopeService/ListKeys', { id })).items;
const versionsOf = async (id: string, purpose: string) =>
  (await keys(id)).find((key: any) => key.purpose === purpose).versions;

test('list, rotate, destroy, jobs', async () => {
  const { admin, deps } = controller;
  const listed = await keys(DEV.project);
  expect(listed.map((key: any) => key.purpose)).toEqual([
    ...['rootKey', 'database', 'oplog', 'tokens', 'sessions', 'oidc', 'audit'],
  ]);
  expect(listed[0]).toMatchObject({ scope: { id: DEV.project, parent_scope_id: DEV.org }, versions: [{ version: 1 }] });
  const sealed = await deps.kms.encrypt(deps.db.executor, 'global', 'tokens', Buffer.from('x'), {
    column: 'auth_tokens.token',
    row: 'at_1',
  });
  expect(await admin.call('ScopeService/RotateKeys', { rewrap: true })).toEqual({});
  const [newest, older] = await versionsOf('global', 'tokens');
  expect([newest.version, older.version, older.id]).toEqual([2, 1, sealed.keyId]);
  const destroy = { scope_id: 'global', key_version_id: older.id };
  // The tokens of this test's own logins refer to it.
  expect(await admin.call('ScopeService/DestroyKeyVersion', destroy)).toEqual({ state: 'pending' });
  const jobs = async () =>
    (await admin.call('ScopeService/ListKeyVersionDestructionJobs', { scope_id: 'global' })).items;
  expect(await jobs()).toMatchObject([{ key_version_id: older.id, status: 'pending', total_count: '2' }]);
  await runDestructionJobs(deps, deps.clock.now());
  // Callers wait until the list is empty.
  expect(await jobs()).toBeUndefined();
  const root = (await versionsOf('global', 'rootKey'))[1];
  const destroyRoot = { scope_id: 'global', key_version_id: root.id };
  expect(await admin.call('ScopeService/DestroyKeyVersion', destroyRoot)).toEqual({ state: 'completed' });
  deps.kms.forgetKeys();
  expect(await versionsOf('global', 'tokens')).toHaveLength(1);
});

test.each([
  ['ListKeys', { id: 'bad' }, 'id'],
  ['ListKeys', { id: '' }, 'id'],
  ['RotateKeys', { scope_id: 'bad' }, 'id'],
  ['ListKeyVersionDestructionJobs', { scope_id: 'bad' }, 'scope_id'],
  ['DestroyKeyVersion', { scope_id: DEV.project, key_version_id: 'bad' }, 'key_version_id'],
  ['DestroyKeyVersion', { scope_id: '', key_version_id: 'krkv_AAAAAAAAAA' }, 'scope_id'],
])('%s refuses %j', async (method, request, field) => {
  const refusal = await controller.admin.refusal(`ScopeService/${method}`, request);
  expect(refusal).toMatchObject({ status: 400, message: 'Error in provided request.' });
  expect(Object.keys(fieldsOf(refusal))).toEqual([field]);
});

test.each([
  ['ListKeys', { id: DEV.project }, { id: 'p_AAAAAAAAAA' }],
  ['RotateKeys', { scope_id: DEV.project }, { scope_id: 'p_AAAAAAAAAA' }],
  ['ListKeyVersionDestructionJobs', { scope_id: DEV.project }, { scope_id: 'p_AAAAAAAAAA' }],
  [
    'DestroyKeyVersion',
    { scope_id: DEV.project, key_version_id: 'krkv_AAAAAAAAAA' },
    { scope_id: 'p_AAAAAAAAAA', key_version_id: 'krkv_AAAAAAAAAA' },
  ],
])('%s: 401, 403 and 404', async (method, request, unknown) => {
  const { admin, user, anonymous } = controller;
  expect(await anonymous.refusal(`ScopeService/${method}`, request)).toMatchObject({ status: 401 });
  expect(await user.refusal(`ScopeService/${method}`, request)).toMatchObject({ status: 403 });
  expect(await admin.refusal(`ScopeService/${method}`, unknown)).toMatchObject({ status: 404 });
});

test('rotation is allowed where the scope lives, the others in the scope', async () => {
  const { admin, user, deps } = controller;
  const grant = async (scope: string, action: string) => {
    await sql`with made as (
        insert into roles (id, scope_id, created_time, updated_time)
        values (${`r_${action.slice(0, 6)}${scope.slice(0, 1)}`}, ${scope}, now(), now()) returning id
      ), granted as (
        insert into role_grants (role_id, canonical, raw)
        select id, ${`ids=*;type=scope;actions=${action}`}, 'x' from made
      ), here as (
        insert into role_grant_scopes (role_id, special) select id, 'this' from made
      )
      insert into role_principals (role_id, user_id) select id, ${DEV.user} from made`.execute(deps.db.executor);
  };
  await grant(DEV.project, 'rotate-keys');
  await grant(DEV.project, 'list-keys');
  expect(await user.refusal('ScopeService/RotateKeys', { scope_id: DEV.project })).toMatchObject({ status: 403 });
  await user.call('ScopeService/ListKeys', { id: DEV.project });
  await grant(DEV.org, 'rotate-keys');
  await user.call('ScopeService/RotateKeys', { scope_id: DEV.project });
  await admin.call('ScopeService/RotateKeys', { scope_id: DEV.project });
  expect(await versionsOf(DEV.project, 'rootKey')).toHaveLength(3);
});

test('storage policies are refused, whoever asks', async () => {
  const { admin, anonymous } = controller;
  for (const caller of [admin, anonymous]) {
    for (const method of ['AttachStoragePolicy', 'DetachStoragePolicy']) {
      expect(await caller.refusal(`ScopeService/${method}`, { id: DEV.org, version: 1 })).toEqual({
        status: 405,
        kind: 'Unimplemented',
        message: 'Policies are an Enterprise-only feature',
      });
    }
  }
});
