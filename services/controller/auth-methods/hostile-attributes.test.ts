/**
 * Whatever stands in attributes, the answer is the caller's mistake or a success, never an internal
 * error.
 */
import { DEV, startTestController, type TestController } from '../../../test/harness/controller';
import type { ApiError } from '../../../lib/errors/errors';
import { accountService } from '../accounts/accounts.rpc';
import { managedGroupService } from '../managed-groups/managed-groups.rpc';
import { authMethodService } from './auth-methods.rpc';
import { PasswordQueue } from './passwords';

let controller: TestController;
const ids: Record<string, string> = {};

const GOOD: Record<string, Record<string, unknown>> = {
  oidc: {
    issuer: 'https://i.example.org',
    client_id: 'c',
    client_secret: 's',
    api_url_prefix: 'https://a.example.org',
  },
  ldap: { urls: ['ldap://l.example.org'] },
};

beforeAll(async () => {
  controller = await startTestController((deps) => {
    const passwords = new PasswordQueue({ concurrent: 1, clock: deps.clock });
    return [authMethodService(deps, passwords), accountService(deps, passwords), managedGroupService(deps)];
  });
  for (const type of ['oidc', 'ldap']) {
    const item = { scope_id: DEV.org, type, attributes: GOOD[type] };
    ids[type] = (await controller.admin.call('AuthMethodService/CreateAuthMethod', { item })).item.id;
  }
});
afterAll(() => controller.stop());

const HOSTILE: unknown[] = [
  ...[
    null,
    '',
    ' ',
    'a\0b',
    '\ud800',
    'x'.repeat(70_000),
    "'; drop table users; --",
    '../..',
    'https://',
    'ldap://',
    '=',
    'a=b=c',
  ],
  ...[
    -1,
    0,
    0.5,
    1e308,
    2 ** 32,
    true,
    false,
    [],
    [''],
    ['\0'],
    [null],
    [['x']],
    [1],
    Array(200).fill('x'),
    {},
    { a: { b: 1 } },
  ],
];

const ATTRIBUTES: Record<string, string[]> = {
  oidc: [
    ...['state', 'issuer', 'client_id', 'client_secret', 'client_secret_hmac', 'max_age', 'signing_algorithms'],
    ...['api_url_prefix', 'callback_url', 'idp_ca_certs', 'allowed_audiences', 'claims_scopes', 'account_claim_maps'],
    ...['prompts', 'disable_discovered_config_validation', 'dry_run', 'subject', 'filter', '__proto__', 'constructor'],
  ],
  ldap: [
    ...['state', 'urls', 'start_tls', 'upn_domain', 'user_filter', 'certificates', 'client_certificate', 'bind_dn'],
    ...[
      'client_certificate_key',
      'bind_password',
      'account_attribute_maps',
      'maximum_page_size',
      'dereference_aliases',
    ],
    ...['login_name', 'member_of_groups', 'group_names', '__proto__', 'toString'],
  ],
};

async function status(method: string, request: object): Promise<number> {
  try {
    await controller.admin.call(method, request);
    return 200;
  } catch (error) {
    return (error as ApiError).httpStatus ?? 500;
  }
}

test.each(['oidc', 'ldap'])(
  '%s methods, accounts and managed groups',
  async (type) => {
    const failed: string[] = [];
    for (const name of ATTRIBUTES[type]!) {
      for (const value of HOSTILE) {
        const attributes = Object.fromEntries([...Object.entries(GOOD[type]!), [name, value]]);
        const only = Object.fromEntries([[name, value]]);
        const id = ids[type]!;
        const version = (await controller.admin.call('AuthMethodService/GetAuthMethod', { id })).item.version as number;
        const calls: [string, object][] = [
          ['AuthMethodService/CreateAuthMethod', { item: { scope_id: DEV.org, type, attributes } }],
          [
            'AuthMethodService/UpdateAuthMethod',
            { id, item: { version, attributes: only }, update_mask: [`attributes.${name}`] },
          ],
          ['AuthMethodService/ChangeState', { id, version, attributes: only }],
          ['AccountService/CreateAccount', { item: { auth_method_id: id, attributes: only } }],
          ['ManagedGroupService/CreateManagedGroup', { item: { auth_method_id: id, attributes: only } }],
        ];
        for (const [method, request] of calls) {
          const got = await status(method, request);
          if (got >= 500) failed.push(`${method} ${name}=${JSON.stringify(value)?.slice(0, 50)}: ${got}`);
        }
      }
    }
    expect(failed).toEqual([]);
  },
  60_000,
);
