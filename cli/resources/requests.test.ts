/** What commands send, as the curl command of the same call shows it. */
import { runCli } from '../testing/run';

const send = async (...argv: string[]) => {
  const flags = ['-output-curl-string', '-token', 'env://TOKEN', '-keyring-type', 'none'];
  const { exit, stdout, stderr } = await runCli([...argv, ...flags], { env: { TOKEN: 'at_1234567890_x' } });
  const words = stdout.replaceAll('\n', ' ');
  const [, body] = /-d '([^']*)'/.exec(words) ?? [];
  const [, method = 'GET'] = /-X (\w+)/.exec(words) ?? [];
  const [, path] = /http:\/\/127\.0\.0\.1:9200(\S*)'/.exec(words) ?? [];
  return { exit, stderr, sent: `${method} ${path}`, body: body === undefined ? undefined : JSON.parse(body) };
};

test.each([
  [
    [
      'aliases',
      'create',
      'target',
      '-value',
      'db.example',
      '-destination-id',
      'ttcp_1',
      '-authorize-session-host-id',
      'hst_1',
    ],
    'POST /v1/aliases',
    {
      scope_id: 'global',
      type: 'target',
      value: 'db.example',
      destination_id: 'ttcp_1',
      attributes: { authorize_session_arguments: { host_id: 'hst_1' } },
    },
  ],
  [
    ['aliases', 'update', 'target', '-id', 'alt_1', '-version', '3', '-authorize-session-host-id', 'null'],
    'PATCH /v1/aliases/alt_1',
    { version: 3, attributes: { authorize_session_arguments: { host_id: null } } },
  ],
  [
    ['targets', 'create', 'tcp', '-scope-id', 'p_1', '-name', 'n', '-default-port', '1', '-with-alias-value', 'a.b'],
    'POST /v1/targets',
    {
      scope_id: 'p_1',
      type: 'tcp',
      name: 'n',
      attributes: { default_port: 1 },
      with_aliases: [{ value: 'a.b', scope_id: 'global' }],
    },
  ],
  [['targets', 'read', 'db.example'], 'GET /v1/targets/db.example', undefined],
  [['read', 'alt_1'], 'GET /v1/aliases/alt_1', undefined],
  [
    ['workers', 'add-worker-tags', '-id', 'w_1', '-version', '2', '-tag', 'region=eu,us', '-tag', 'region=asia'],
    'POST /v1/workers/w_1:add-worker-tags',
    { version: 2, api_tags: { region: ['eu', 'us', 'asia'] } },
  ],
  [
    ['workers', 'set-worker-tags', '-id', 'w_1', '-version', '2', '-tag', 'null'],
    'POST /v1/workers/w_1:set-worker-tags',
    { version: 2, api_tags: {} },
  ],
  [
    ['workers', 'certificate-authority', 'reinitialize'],
    'POST /v1/workers:reinitialize-certificate-authority?scope_id=global',
    undefined,
  ],
  [['scopes', 'list-keys', '-scope-id', 'p_1'], 'GET /v1/scopes/p_1:list-keys', undefined],
  [
    ['scopes', 'rotate-keys', '-scope-id', 'p_1', '-rewrap'],
    'POST /v1/scopes:rotate-keys',
    { scope_id: 'p_1', rewrap: true },
  ],
  [
    ['scopes', 'destroy-key-version', '-scope-id', 'p_1', '-key-version-id', 'kdkv_1'],
    'POST /v1/scopes:destroy-key-version',
    { scope_id: 'p_1', key_version_id: 'kdkv_1' },
  ],
  [
    ['storage-buckets', 'create', '-plugin-name', 'aws', '-bucket-name', 'b', '-attr', 'region=eu', '-secret', 'k=v'],
    'POST /v1/storage-buckets?plugin_name=aws',
    { scope_id: 'global', bucket_name: 'b', attributes: { region: 'eu' }, secrets: { k: 'v' } },
  ],
  [
    ['policies', 'create', 'storage', '-retain-for-days', '3', '-delete-after-overridable', 'true'],
    'POST /v1/policies',
    {
      scope_id: 'global',
      type: 'storage',
      attributes: { retain_for: { days: 3 }, delete_after: { overridable: true } },
    },
  ],
  [
    ['billing', 'monthly-active-users', '-start-time', '2024-01'],
    'GET /v1/billing:monthly-active-users?start_time=2024-01',
    undefined,
  ],
])('%j sends %s', async (argv, sent, body) => {
  expect(await send(...argv)).toEqual({ exit: 0, stderr: '', sent, body });
});

test.each([
  [['workers', 'add-worker-tags', '-id', 'w_1', '-tag', 'region'], '-tag'],
  [['workers', 'add-worker-tags', '-id', 'w_1', '-tag', '=a'], '-tag'],
  [['targets', 'update', 'tcp', '-id', 'ttcp_1', '-egress-worker-filter', ''], 'the word null clears it'],
  [['scopes', 'update', '-id', 'p_1', '-description', ''], 'the word null clears it'],
  [['workers', 'remove-worker-tags', '-id', 'w_1', '-tag', 'null'], '-tag'],
  [['managed-groups', 'update', 'oidc', '-id', 'mgoidc_1', '-version', '1', '-filter', 'null'], 'filter'],
  [['auth-methods', 'update', 'ldap', '-id', 'amldap_1', '-version', '1', '-urls', 'null'], 'ldap://'],
  [['read', 'ttcp_1', 'db.example'], 'db.example'],
  [['update', 'ttcp_1', 'db.example', '-name', 'n'], 'db.example'],
  [['scopes', 'list-keys'], '-scope-id'],
  [['scopes', 'destroy-key-version', '-scope-id', 'p_1'], '-key-version-id'],
  [
    ['targets', 'create', 'tcp', '-scope-id', 'p_1', '-with-alias-authorize-session-host-id', 'hst_1'],
    '-with-alias-value',
  ],
])('%j is a usage error that names %s', async (argv, flag) => {
  const { exit, stderr } = await send(...argv);
  expect(exit).toBe(3);
  expect(stderr).toContain(flag);
});
