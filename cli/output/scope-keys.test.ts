import { activeUsersTable } from './billing';
import { certificateAuthorityTable } from './certificate-authority';
import { jobsTable, keysTable } from './scope-keys';
import { aliases } from './aliases';
import { wrapBlocks } from '../io/wrap';

const time = '2023-01-24T17:09:53.120Z';
const scope = { id: 'p_1' };

test('keys, with their versions', () => {
  const versions = [
    { id: 'krkv_2', version: 2, created_time: time },
    { id: 'krkv_1', version: 1, created_time: time },
  ];
  const lines = keysTable([
    { id: 'krk_1', scope, type: 'kek', purpose: 'rootKey', versions },
    { id: 'kdk_1', scope, type: 'dek', purpose: 'tokens', versions: [] },
  ]);
  expect(lines).toEqual([
    '',
    'Key information:',
    '  ID:          krk_1',
    '    Scope ID:  p_1',
    '    Type:      kek',
    '    Purpose:   rootKey',
    '    Key Versions:',
    '      Version:   2',
    '        ID:      krkv_2',
    expect.stringMatching(/^ {8}Created: \w{3}, 24 Jan 2023/),
    '      Version:   1',
    '        ID:      krkv_1',
    expect.stringMatching(/^ {8}Created: /),
    '',
    '  ID:          kdk_1',
    '    Scope ID:  p_1',
    '    Type:      dek',
    '    Purpose:   tokens',
    '    Key Versions:',
  ]);
  expect(keysTable([])).toEqual(['No keys found']);
});

test('destruction jobs', () => {
  const job = { key_version_id: 'kdkv_1', scope, status: 'running', created_time: time, total_count: '3' };
  expect(jobsTable([job])).toEqual([
    '',
    'Key version destruction job information:',
    '  Key version ID:    kdkv_1',
    '    Scope ID:        p_1',
    expect.stringMatching(/^ {4}Started: {9}\w{3}, 24 Jan 2023/),
    '    Status:          running',
    '    Rows completed:  0',
    '    Total rows:      3',
  ]);
});

test('certificate authority and billing', () => {
  const certificate = { id: 'next', public_key_sha256: 'ab', not_before_time: time, not_after_time: time };
  expect(certificateAuthorityTable({ certs: [{ ...certificate, id: 'current' }, certificate] })).toEqual([
    '',
    'Worker certificate authority information:',
    '  ID:                        current',
    '  Public Key Sha256:         ab',
    '  Not Before Time:           2023-01-24 17:09:53.12 +0000 UTC',
    '  Not After Time:            2023-01-24 17:09:53.12 +0000 UTC',
    '',
    '  ID:                        next',
    '  Public Key Sha256:         ab',
    '  Not Before Time:           2023-01-24 17:09:53.12 +0000 UTC',
    '  Not After Time:            2023-01-24 17:09:53.12 +0000 UTC',
  ]);
  expect(activeUsersTable([{ count: 2, start_time: time, end_time: time }])).toEqual([
    'Billing information:',
    '',
    '  Count:      2',
    '  Start Time: 2023-01-24 17:09:53.12 +0000 UTC',
    '  End Time:   2023-01-24 17:09:53.12 +0000 UTC',
    '',
  ]);
});

test('an alias with the host of its sessions', () => {
  const attributes = { authorize_session_arguments: { host_id: 'hst_1' } };
  const item = { id: 'alt_1', type: 'target', value: 'a.b', scope: { id: 'global' }, attributes };
  expect(wrapBlocks(aliases.item(item), 80).split('\n')).toEqual([
    '',
    'Alias information:',
    '  ID:                            alt_1',
    '  Type:                          target',
    '  Value:                         a.b',
    '',
    '  Scope:',
    '    ID:                          global',
    '',
    '  Attributes:',
    '    authorize_session_arguments:',
    '    {',
    '    "host_id": "hst_1"',
    '    }',
  ]);
});
