/**
 * Layouts of credential stores, libraries and credentials, and of what a session brings. Times are
 * UTC here.
 */
import { credentialLibraries } from './credential-libraries';
import { credentialStores } from './credential-stores';
import { credentials } from './credentials';
import { listTable } from './table';
import { secretLines } from './brokered-credentials';
import { sessionAuthorization, targets } from './targets';

const SCOPE = { id: 'p_1', type: 'project', name: 'p', parent_scope_id: 'o_1' };
const shown = (lines: string[]): string => lines.join('\n');

const SECRET = { pairs: 6, json: 6, step: 2 };

test('a Vault store', () => {
  const store = {
    id: 'csvlt_1',
    scope: SCOPE,
    type: 'vault',
    version: 1,
    attributes: { address: 'https://v', tls_skip_verify: true, token_hmac: 'h', token_status: 'current' },
    authorized_actions: ['read'],
    authorized_collection_actions: { 'credential-libraries': ['create', 'list'] },
  };
  expect(shown(credentialStores.item(store))).toBe(`
Credential Store information:
  ID:                      csvlt_1
  Type:                    vault
  Version:                 1

  Scope:
    ID:                    p_1
    Name:                  p
    Parent Scope ID:       o_1
    Type:                  project

  Authorized Actions:
    read

  Authorized Actions on Credential Store's Collections:
    credential-libraries:
      create
      list

  Attributes:
    Address:               https://v
    Skip TLS Verification: true
    Token HMAC:            h
    Token Status:          current`);
  expect(listTable(credentialStores.list, [], false)).toEqual(['No credential store found']);
});

test('a credential library', () => {
  const library = {
    id: 'clvlt_1',
    credential_store_id: 'csvlt_1',
    scope: SCOPE,
    type: 'vault-generic',
    version: 2,
    attributes: { path: 'kv/x', http_method: 'GET' },
    credential_type: 'username_password',
    credential_mapping_overrides: { username_attribute: 'user' },
  };
  const lines = credentialLibraries.item(library);
  expect(lines).toContain('  Credential Store ID:   csvlt_1');
  expect(shown(lines.slice(lines.indexOf('  Attributes:')))).toBe(`  Attributes:
    HTTP Method:         GET
    Path:                kv/x

  Credential Type:
    username_password
  Credential Mapping Overrides:
    username_attribute:  user`);
  expect(shown(listTable(credentialLibraries.list, [library], false))).toBe(`
Credential Library information:
  ID:                    clvlt_1
    Version:             2
    Type:                vault-generic
    Credential Type:     username_password`);
  expect(listTable(credentialLibraries.list, [], false)).toEqual(['No credential library found']);
});

test('a credential, and those of a target', () => {
  const credential = {
    id: 'credspk_1',
    credential_store_id: 'csst_1',
    type: 'ssh_private_key',
    attributes: { username: 'u', private_key_hmac: 'a', private_key_passphrase_hmac: 'b' },
  };
  const lines = credentials.item(credential);
  expect(shown(lines.slice(lines.indexOf('  Attributes:')))).toBe(`  Attributes:
    Private Key HMAC:            a
    Private Key Passphrase HMAC: b
    Username:                    u`);
  const target = targets.item({
    id: 'ttcp_1',
    session_connection_limit: -1,
    brokered_credential_sources: [{ id: 'credspk_1', credential_store_id: 'csst_1' }],
    attributes: { default_port: 22 },
  });
  expect(shown(target.slice(target.indexOf('  Brokered Credential Sources:')))).toBe(`  Brokered Credential Sources:
    Credential Store ID:      csst_1
    ID:                       credspk_1

  Attributes:
    Default Port:             22`);
});

test('the credentials of a session', () => {
  const lines = sessionAuthorization({
    credentials: [
      {
        credential_source: { id: 'credjson_1', credential_store_id: 'csst_1', type: 'static', credential_type: 'json' },
        secret: { raw: 'e30=', decoded: { b: { c: 1 }, long: 'x' } },
        credential: { long: 'x', b: [1, 'y'] },
      },
    ],
  });
  expect(shown(lines.slice(lines.indexOf('  Credentials:')))).toBe(`  Credentials:
    Credential Store ID:           csst_1
    Credential Source ID:          credjson_1
    Credential Source Type:        static
    Credential Type:               json
    Secret:
      b:      [1 y]
      long:   x
`);
  const raw = Buffer.from('{"a":{"b":1}}').toString('base64');
  expect(shown(secretLines(SECRET, { raw, decoded: { a: { b: 1 } } }, undefined))).toBe(`      {
        "a": {
          "b": 1
        }
      }`);
  expect(secretLines(SECRET, { raw: Buffer.from('plain').toString('base64') }, undefined)).toEqual(['      plain']);
});
