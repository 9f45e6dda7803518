import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encryptMarked } from '../../lib/config/encrypted-values';
import { ConfigError } from '../../lib/config/fields';
import { CONTROLLER_DEFAULTS } from '../controller/config';
import { WORKER_LIMITS } from '../worker/limits';
import { loadConfig, parseConfig } from './config';

const KEY = Buffer.alloc(32, 7).toString('base64');
const controllerFile = (): Record<string, any> => ({
  controller: { name: 'c1', database: { url: 'env://DB_URL', max_open_connections: '5' } },
  listener: [
    { type: 'tcp', purpose: 'api', address: '0.0.0.0:9300', tls_disable: true, max_request_duration: '1m30s' },
    { type: 'tcp', purpose: 'cluster', address: '[::1]' },
    { tcp: { purpose: ['ops'], tls_disable: true } },
  ],
  kms: { aead: { purpose: 'root', aead_type: 'aes-gcm', key: KEY, key_id: 'root-1' } },
});
const workerFile = (): Record<string, any> => ({
  worker: {
    initial_upstreams: ['10.0.0.5', 'controller.example:9301'],
    auth_storage_path: '/var/lib/sallyport',
    controller_generated_activation_token: 'env://TOKEN',
    tags: { region: ['eu', 'us'], type: 'prod' },
    public_addr: 'worker.example',
  },
  listener: [{ purpose: 'proxy', address: '0.0.0.0:9302' }],
});
const env = { DB_URL: 'postgres://u:hush@db/x', TOKEN: 'neslat_1\n' };
const parse = (values: Record<string, any>) => parseConfig(values, 'test.json', 'server', env);

function problemsOf(values: Record<string, any>): string[] {
  try {
    parse(values);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map((p) => `${p.path}: ${p.expected}`);
    throw error;
  }
  return [];
}

test('a controller file gives a typed, frozen configuration', () => {
  const config = parse(controllerFile());
  expect(config.controller).toMatchObject({
    name: 'c1',
    database: { url: 'postgres://u:hush@db/x', maxOpenConnections: 5 },
    rootKey: { id: 'root-1', key: Buffer.alloc(32, 7) },
    api: { address: { host: '0.0.0.0', port: 9300 }, tls: undefined, corsEnabled: true, corsAllowedOrigins: ['*'] },
    cluster: { address: { host: '::1', port: 9201 } },
    ops: { address: { host: '127.0.0.1', port: 9203 } },
    maxRequestDurationMs: 90_000,
    authTokenTimeToLiveMs: 7 * 24 * 3_600_000,
  });
  expect(config.worker).toBeUndefined();
  expect(Object.isFrozen(config.controller!.api.address)).toBe(true);
});

test('a worker file; values from the environment are trimmed', () => {
  expect(parse(workerFile()).worker).toEqual({
    limits: WORKER_LIMITS.defaults(),
    dataProcesses: 1,
    description: undefined,
    proxy: { host: '0.0.0.0', port: 9302 },
    publicAddress: 'worker.example:9202',
    ops: undefined,
    initialUpstreams: [
      { host: '10.0.0.5', port: 9201 },
      { host: 'controller.example', port: 9301 },
    ],
    tags: { region: ['eu', 'us'], type: ['prod'] },
    authStoragePath: '/var/lib/sallyport',
    activationToken: 'neslat_1',
  });
});

test('both blocks: the worker dials the controller beside it', () => {
  const { worker } = workerFile();
  delete worker.initial_upstreams;
  const both = controllerFile();
  const config = parse({ ...both, worker, listener: [...both['listener'], { purpose: 'proxy' }] });
  expect(config.worker!.initialUpstreams).toEqual([{ host: '::1', port: 9201 }]);
});

test('tags in their other forms', () => {
  const tags = (value: unknown) =>
    parse({ ...workerFile(), worker: { ...workerFile()['worker'], tags: value } }).worker!.tags;
  expect(tags(['a=b', 'a=c=d', 'e=f'])).toEqual({ a: ['b', 'c=d'], e: ['f'] });
  expect(
    parseConfig({ ...workerFile(), worker: { ...workerFile()['worker'], tags: 'env://TAGS' } }, 't', 'server', {
      ...env,
      TAGS: '{"x": ["y"]}',
    }).worker!.tags,
  ).toEqual({ x: ['y'] });
});

test('a reference to nothing is a problem that names it, but for what the first start alone needs', () => {
  const file = controllerFile();
  file['controller'] = {
    ...{ name: 'c1', database: { url: 'env://NO_URL', max_open_connections: 'env://NO_COUNT' } },
    auth_token_time_to_live: 'file:///no/such/file',
  };
  const problem = (what: string) => `a value where it refers to: ${what}`;
  const failed = () => parseConfig(file, 't', 'server', { ...env, NO_COUNT: '' });
  expect(failed).toThrow(problem('the variable NO_URL is not set'));
  expect(failed).toThrow(problem('the variable NO_COUNT is empty'));
  expect(failed).toThrow(problem('the file /no/such/file cannot be read: ENOENT'));
  expect(parseConfig(workerFile(), 't', 'server', {}).worker!.activationToken).toBeUndefined();
});

test('every problem is reported at once, with its path and without any value', () => {
  const file = controllerFile();
  file['controller'] = { nmae: 'x', name: 'Upper', database: { url: 'hush-hush' }, auth_token_time_to_live: 'hush' };
  file['listener'][0] = { type: 'tcp', purpose: 'api', address: 'hush:99999999' };
  file['listener'].push({ purpose: 'tea' });
  file['kms'].aead.key = 'aHVzaA==';
  file['worker'] = { name: 'w', initial_upstreams: ['0.0.0.0:1'], tags: { Region: 'x,y' } };
  const problems = problemsOf(file);
  expect(problems).toEqual(
    expect.arrayContaining([
      'kms[0].key: exactly 32 bytes in base64',
      'listener[0].address: an address such as "127.0.0.1:9200"',
      'listener[0].tls_cert_file: a PEM file; needed unless "tls_disable" is true',
      'listener[3].purpose: one of api, cluster, proxy, ops',
      'controller.database.url: a postgres:// address',
      'controller.name: lower-case printable characters without spaces',
      'controller.nmae: no such key; did you mean "name"?',
      'controller.auth_token_time_to_live: a duration such as "1h30m" or a number of seconds',
      'listener: a block with purpose "proxy"',
      'worker.initial_upstreams[0]: an address that can be dialed, such as "10.0.0.5:9201"',
      'worker.tags: keys and values in lower case, printable, without commas',
      'worker.auth_storage_path: a directory for the keys of this worker',
    ]),
  );
  expect(problems.join()).not.toMatch(/hush|aHVz/);
});

test('what is missing altogether', () => {
  expect(problemsOf({})).toEqual(['controller: a "controller" block, a "worker" block, or both']);
  expect(problemsOf({ controller: { name: 'c' } })).toEqual([
    'kms: a block with purpose "root", type "aead" and a key',
    'listener: a block with purpose "api"',
    'listener: a block with purpose "cluster"',
    'controller.database: a block with the "url" of a PostgreSQL database',
  ]);
});

test('known keys of Boundary without effect are named, unknown ones refused', () => {
  expect(parse({ ...controllerFile(), disable_mlock: true }).ignored).toEqual(['disable_mlock']);
  expect(problemsOf({ ...controllerFile(), disable_mlok: true })).toEqual([
    'disable_mlok: no such key; did you mean "disable_mlock"?',
  ]);
});

test('an unknown key that is much longer than every known one is compared with none', () => {
  const made = jest.spyOn(Array, 'from');
  const count = (key: string): number => {
    made.mockClear();
    expect(problemsOf({ ...controllerFile(), [key]: 1 })).toEqual([`${key}: no such key`]);
    return made.mock.calls.length;
  };
  expect(count('x'.repeat(10_000))).toBe(0);
  expect(count('disable_xxxxx')).toBeGreaterThan(0);
  made.mockRestore();
});

test('names of the ops port, of a controller and of a worker', () => {
  const ops = (name: string) => ({ purpose: 'ops', tls_disable: true, allowed_hosts: [name] });
  const file = controllerFile();
  file['listener'][2] = ops('Ops.example');
  expect(parse(file).controller!.ops!.allowedHosts).toEqual(['ops.example']);
  const worker = workerFile();
  worker['listener'].push(ops('w.example'));
  expect(parse(worker).worker!.ops!.allowedHosts).toEqual(['w.example']);
  file['listener'][2] = ops('http://w.example');
  expect(problemsOf(file)).toEqual(['listener[2].allowed_hosts: a list of host names and addresses, without ports']);
});

test('settings of the API listener', () => {
  const api = (more: object) => {
    const file = controllerFile();
    Object.assign(file['listener'][0], more);
    return file;
  };
  const settings = {
    cors_allowed_headers: ['X-Mine'],
    http_read_header_timeout: '3s',
    http_idle_timeout: 60,
    x_forwarded_for_authorized_addrs: ['10.0.0.0/8'],
    x_forwarded_for_hop_skips: '1',
  };
  expect(parse(api(settings)).controller!.api).toMatchObject({
    corsAllowedHeaders: ['X-Mine'],
    timeouts: { headers: 3_000, request: undefined, idle: 60_000 },
    forwarding: { authorizedAddrs: ['10.0.0.0/8'], hopSkips: 1, rejectNotPresent: true, rejectNotAuthorized: true },
  });
  expect(parse(api({ x_forwarded_for_hop_skips: 2 })).controller!.api.forwarding).toBeUndefined();
  const wrong = {
    address: 'a:b:c',
    cors_allowed_headers: ['no: header'],
    x_forwarded_for_authorized_addrs: 'lb.example',
  };
  expect(problemsOf(api(wrong))).toEqual([
    'listener[0].address: an address such as "127.0.0.1:9200"',
    'listener[0].cors_allowed_headers: a list of header names',
    'listener[0].x_forwarded_for_authorized_addrs: a list of addresses and networks such as "10.0.0.0/8"',
  ]);
});

test('keys: one block may have several purposes, others are not taken twice', () => {
  const withKms = (...blocks: object[]) => ({ ...controllerFile(), kms: blocks });
  const key = (purpose: unknown, more = {}) => ({ type: 'aead', purpose, key: KEY, ...more });
  const both = parse(withKms(key(['root', 'recovery'], { key_id: 'k' }), key('worker-auth')));
  expect(both.controller).toMatchObject({ rootKey: { id: 'k' }, recoveryKey: { id: 'k', key: Buffer.alloc(32, 7) } });
  expect(both.ignored).toEqual(['kms[1]']);
  expect(parse(withKms(key('root'))).controller!.recoveryKey).toBeUndefined();
  expect(problemsOf(withKms(key('root'), key('recovery'), key(['recovery', 'tea'])))).toEqual([
    expect.stringMatching(/^kms\[2\]\.purpose: one or several of root, /),
    'kms[2].purpose: a recovery key only once',
  ]);
});

test('how the process logs', () => {
  const log = (more: object) => parse({ ...controllerFile(), ...more }).log;
  expect(log({})).toEqual({ level: 'info', format: 'json', events: { allow: [], deny: [] } });
  expect(log({ log_level: 'ERR', log_format: 'standard' })).toMatchObject({ level: 'error', format: 'standard' });
  const events = {
    audit_enabled: false,
    observations_enabled: 'true',
    sysevents_enabled: true,
    sink: { stderr: { name: 'x', format: 'hclog-text', deny_filters: ['"/type" == "audit"'] } },
  };
  expect(log({ events })).toEqual({
    level: 'info',
    format: 'standard',
    events: { audit: false, observations: true, system: true, allow: [], deny: ['"/type" == "audit"'] },
  });
  const problems = problemsOf({
    ...controllerFile(),
    events: { sink: [{ type: 'file', allow_filters: ['('] }, { type: 'stderr' }] },
  });
  expect(problems).toEqual([
    'events.sink[0].type: one of stderr',
    expect.stringMatching(/^events\.sink\[0\]\.allow_filters: filter expressions/),
    'events.sink[1]: one sink only: the log is what this process writes to stderr',
  ]);
});

describe('files', () => {
  const dir = mkdtempSync(join(tmpdir(), 'sallyport-config-'));
  afterAll(() => rmSync(dir, { recursive: true }));
  const message = (file: string): string => {
    try {
      loadConfig({ files: [file] }, 'server', env);
    } catch (error) {
      return (error as Error).message;
    }
    return '';
  };

  test('a broken file names the line, not its content', () => {
    const file = join(dir, 'broken.json');
    writeFileSync(file, '{\n "kms": {\n "key": "hush" "x"\n');
    expect(message(file)).toMatch(/broken\.json:\n {2}\(file\): one JSON object, broken in line 3/);
    expect(message(file)).not.toContain('hush');
  });

  test('encrypted values, with the key in the file or in another one', () => {
    const kms = ['root', 'config'].map((purpose) => ({ type: 'aead', purpose, key: KEY }));
    const name = '{{encrypt(c-secret)}}';
    const plain = { ...controllerFile(), kms, controller: { ...controllerFile()['controller'], name } };
    const key = { id: 'k', key: Buffer.from(KEY, 'base64') };
    const write = (file: string, text: string): string => {
      writeFileSync(join(dir, file), text);
      return join(dir, file);
    };
    const file = write('sealed.json', encryptMarked(JSON.stringify(plain), key, false).text);
    expect(loadConfig({ files: [file] }, 'server', env).controller!.name).toBe('c-secret');
    const apart = write('apart.json', encryptMarked(JSON.stringify({ ...plain, kms: kms[0] }), key, false).text);
    const kmsFile = write('kms.json', JSON.stringify({ kms: kms[1] }));
    expect(loadConfig({ files: [apart], kmsFile }, 'server', env).controller!.name).toBe('c-secret');
    expect(message(apart)).toMatch(/kms: a block with purpose "config"/);
    const other = write(
      'other.json',
      JSON.stringify({ kms: { ...kms[1], key: Buffer.alloc(32, 8).toString('base64') } }),
    );
    expect(() => loadConfig({ files: [apart], kmsFile: other }, 'server', env)).toThrow(/line 1: the {{decrypt/);
  });

  test('an absent file', () => {
    expect(message(join(dir, 'none.json'))).toContain('a readable file (reading it gave ENOENT)');
    expect(() => loadConfig({ files: [] }, 'server', env)).toThrow('-config');
  });
});

test('limits are changed by name; the others keep their defaults, and a wrong name is named', () => {
  const file = controllerFile();
  const controller = { ...(file.controller as object), limits: { request_work: 5_000_000 } };
  expect(parse({ ...file, controller }).controller!.limits).toEqual({
    ...CONTROLLER_DEFAULTS.limits,
    request_work: 5_000_000,
  });
  const misspelt = { ...controller, limits: { request_wrk: 5_000_000 } };
  expect(() => parse({ ...file, controller: misspelt })).toThrow(
    'controller.limits.request_wrk: no such key; did you mean "request_work"?',
  );
});

test('the number of data processes has its limits', () => {
  const file = workerFile();
  const withCount = (data_processes: unknown) => ({ ...file, worker: { ...(file.worker as object), data_processes } });
  expect(parse(withCount('3')).worker!.dataProcesses).toBe(3);
  // The sockets of data processes stand in the directory, and the system takes no longer paths for
  // them.
  const long = { ...withCount(2).worker, auth_storage_path: `/${'x'.repeat(100)}` };
  expect(problemsOf({ ...file, worker: long })).toEqual([
    'worker.auth_storage_path: a path of at most 87 bytes, or "data_processes": 1',
  ]);
  expect(problemsOf({ ...file, worker: { ...long, data_processes: 1 } })).toEqual([]);
  for (const wrong of [0, 65, 'all']) {
    expect(problemsOf(withCount(wrong))).toEqual(['worker.data_processes: a whole number from 1 to 64']);
  }
});
