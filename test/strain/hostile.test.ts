/**
 * Hostile input to every method of the API, by both doors of a whole controller with its database:
 * no answer is an error of ours, every answer comes, and what it says is short and tells nothing of
 * the inside. The seed is printed when something fails. SALLYPORT_SOAK=20 runs twenty times as
 * much.
 */
import { getOption, hasOption, type DescMessage, type DescMethod } from '@bufbuild/protobuf';
import type { GenExtension } from '@bufbuild/protobuf/codegenv2';
import type { MethodOptions } from '@bufbuild/protobuf/wkt';
import { Client, credentials, Metadata, status, type ServiceError } from '@grpc/grpc-js';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { packageFile } from '../../lib/config/package-root';
import type { TestWorker } from '../../services/controller/control/control.fixture';
import { loadDescriptors } from '../../services/controller/rpc/descriptors';
import { DEV } from '../harness/controller';
import { damaged, damagedBytes, HOSTILE_IDS, onTheWire, spoiled } from '../harness/hostile';
import { SOAK } from '../harness/rounds';
import { VaultServer } from '../harness/vault';
import { attachWorker, startWholeController, type WholeController } from '../harness/whole-controller';
import { goodRequests, type Items } from '../integration/good-requests';
import { create, createWorld, must, NOUNS, type World } from '../integration/nouns';

const DESCRIPTORS = loadDescriptors(readFileSync(packageFile('proto/gen/image.binpb')));
const SEED = Number(process.env['SALLYPORT_SEED'] ?? Date.now() % 2 ** 31);
/** Requests to each method by each door. */
const RUNS = 2 * SOAK;
/** Methods that are tried at once. */
const AT_ONCE = 8;
const ANSWER_TIMEOUT_MS = 15_000;
/** Largest answer to a request that was refused, bytes. */
const MAX_REFUSAL = 8_192;
/** Stack traces, statements, file names of ours. */
const INSIDE = /\n\s+at |\.ts:\d|node_modules|\b(select|insert into|returning|kysely)\b|duplicate key|syntax error at/i;
/**
 * The worker of this test says nothing after it has attached, so that in time it counts as gone.
 */
const NO_WORKER = /No worker is connected/;
/**
 * Serves recordings of sessions, which this edition has none of: it says so with 501 and a form of
 * its own.
 */
const NOT_SERVED = 'Download';

const vault = new VaultServer();
const agent = new Agent({ keepAlive: true, maxSockets: 2 * AT_ONCE });
let controller: WholeController;
let world: World;
let items: Items;
let grpc: Client;
let worker: TestWorker;

beforeAll(async () => {
  await vault.start();
  controller = await startWholeController({ outgoingAllowedNetworks: ['127.0.0.0/8'] });
  grpc = new Client(`127.0.0.1:${controller.port}`, credentials.createInsecure(), { 'grpc.enable_http_proxy': 0 });
  worker = await attachWorker(controller);
  world = await createWorld(controller.http, vault);
  items = [];
  for (const noun of NOUNS) items = [...items, await create(controller.http, world, noun)];
});
afterAll(async () => {
  agent.destroy();
  grpc.close();
  await worker.close();
  await controller.stop();
  await vault.stop();
});

interface Method {
  name: string;
  /** `/sallyport.api.v1.GroupService/GetGroup` */
  path: string;
  input: DescMessage;
  verb: string;
  template: string;
  /** Field that the body is, `*` for all that is not in the path, empty for none. */
  body: string;
}

/** Every method of the API with its HTTP form. */
function allMethods(): Method[] {
  const http = DESCRIPTORS.getExtension('google.api.http') as GenExtension<MethodOptions, never>;
  const described = [...DESCRIPTORS].flatMap((one) => (one.kind === 'service' ? one.methods : []));
  return described
    .filter((method) => hasOption(method, http))
    .map((method: DescMethod) => {
      const rule = getOption(method, http) as { pattern: { case: string; value: string }; body: string };
      return {
        name: method.name,
        path: `/${method.parent.typeName}/${method.name}`,
        input: method.input,
        verb: rule.pattern.case.toUpperCase(),
        template: rule.pattern.value,
        body: rule.body,
      };
    });
}
/** Ends the streams of all workers, so it comes when no other method needs one. */
const LAST = 'ReinitializeCertificateAuthority';
const ALL = allMethods();
const METHODS = ALL.filter(({ name }) => name !== LAST);

interface Sent {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Buffer | undefined;
}

function answerTo({ method, path, headers, body }: Sent): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port: controller.port, agent, method, path, headers });
    request.setTimeout(ANSWER_TIMEOUT_MS, () => request.destroy(new Error(`no answer to ${method} ${path}`)));
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode!, text: Buffer.concat(chunks).toString() }));
    });
    if (body !== undefined) request.setHeader('content-length', body.length);
    request.end(body);
  });
}

/** Good requests of the method with the versions of this moment, spoiled. */
async function requestsTo(method: Method): Promise<fc.Arbitrary<Record<string, any>>> {
  const good = goodRequests(method.name, world, items);
  for (const request of good as any[]) {
    if (typeof request.version !== 'number' && typeof request.item?.version !== 'number') continue;
    const noun = NOUNS[items.findIndex(({ id }) => id === request.id)];
    if (noun === undefined) continue;
    const { version } = await must(controller.http, `Get${noun.noun}`, { id: request.id });
    if (request.item === undefined) request.version = version;
    else request.item.version = version;
  }
  return fc.oneof(...(good.length === 0 ? [{}] : good).map((request) => spoiled(method.input, request)));
}

/** The HTTP form of a request, whatever is in it. */
function httpForm(method: Method, request: Record<string, any>, damage: (json: string) => Buffer): Sent {
  const rest = { ...request };
  const path = method.template.replace(/\{(\w+)\}/, (_, name: string) => {
    const { [name]: value } = rest;
    delete rest[name];
    const text = typeof value === 'string' ? value : JSON.stringify(value ?? '');
    // Half of them as a careless client would write it.
    return text.length % 2 === 0 ? encodeURIComponent(text.toString().replace(/\p{Surrogate}/gu, '')) : bare(text);
  });
  const inQuery = method.body === '';
  const query = inQuery ? `?${queryOf(rest)}` : '';
  const body = inQuery ? undefined : damage(JSON.stringify(method.body === '*' ? rest : (rest[method.body] ?? {})));
  return {
    method: method.verb,
    // Servers take 16 KiB of headers.
    path: (path + query).slice(0, 14_000),
    headers: { authorization: `Bearer ${controller.api.token}`, 'content-type': 'application/json' },
    body,
  };
}

/** Without what Node's client refuses to send. */
const bare = (text: string): string => text.replace(/[^!-~]/g, '%');

function queryOf(fields: Record<string, unknown>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    query.set(name, (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, 4_000));
  }
  return query.toString();
}

/** Tries some methods at a time; a failure names the method and the seed. */
async function eachMethod(methods: Method[], tried: (method: Method) => Promise<void>): Promise<void> {
  const left = [...methods];
  const work = async (): Promise<void> => {
    for (let method = left.pop(); method !== undefined; method = left.pop()) {
      const { path } = method;
      await tried(method).catch((error: unknown) => {
        const { message } = ((error as Error).cause ?? error) as Error;
        throw new Error(`${path}, SALLYPORT_SEED=${SEED}: ${message}`, { cause: error });
      });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

const parameters = { numRuns: RUNS, seed: SEED, endOnFailure: true };

function checkText(text: string): void {
  if (text.length > MAX_REFUSAL) throw new Error(`the refusal has ${text.length} bytes: ${text.slice(0, 500)}`);
  if (INSIDE.test(text)) throw new Error(`the refusal tells of the inside: ${text}`);
}

async function overHttp(method: Method): Promise<void> {
  const requests = fc.tuple(await requestsTo(method), damaged);
  const property = fc.asyncProperty(requests, async ([request, damage]) => {
    const answer = await answerTo(httpForm(method, request, damage));
    const expected = (answer.status === 501 && method.name === NOT_SERVED) || NO_WORKER.test(answer.text);
    if (answer.status >= 500 && !expected) throw new Error(`${answer.status} ${answer.text}`);
    if (answer.status >= 400) checkText(answer.text);
  });
  await fc.assert(property, parameters);
}

test('HTTP', () => eachMethod(METHODS, overHttp), 60_000 * SOAK);

test(
  'paths',
  () =>
    eachMethod(METHODS, (method) =>
      fc.assert(
        fc.asyncProperty(fc.constantFrom(...HOSTILE_IDS), async (id) => {
          const path = method.template.replace(/\{\w+\}/, id);
          const headers = { authorization: `Bearer ${controller.api.token}` };
          const answer = await answerTo({ method: method.verb, path, headers, body: undefined });
          expect(answer.status).toBeLessThan(method.name === NOT_SERVED ? 502 : 500);
          if (answer.status >= 400) checkText(answer.text);
        }),
        { ...parameters, numRuns: Math.ceil(RUNS / 4) },
      ),
    ),
  60_000 * SOAK,
);

/** Codes that say the fault is the server's. */
const OURS = [status.UNKNOWN, status.INTERNAL, status.UNAVAILABLE, status.DEADLINE_EXCEEDED, status.DATA_LOSS];

/** Sends bytes as the request of a method; undefined when it is taken. */
function callBytes(path: string, bytes: Buffer, headers: Record<string, string>): Promise<ServiceError | undefined> {
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${controller.api.token}`);
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  const deadline = new Date(Date.now() + ANSWER_TIMEOUT_MS);
  const asIs = (value: Buffer): Buffer => value;
  return new Promise((resolve) => {
    grpc.makeUnaryRequest(path, asIs, asIs, bytes, metadata, { deadline }, (error) => resolve(error ?? undefined));
  });
}

/** `{ item: { a_b: 1 } }` with `update_mask: 'aB'`, as JSON has it. */
function withMask(method: Method, request: Record<string, any>): Record<string, any> {
  const { item } = request;
  if (method.verb !== 'PATCH' || typeof item !== 'object' || item === null) return request;
  const paths = Object.keys(item as object).flatMap((key) =>
    key === 'attributes' ? Object.keys((item[key] ?? {}) as object).map((name) => `${key}.${name}`) : [key],
  );
  const camel = paths.join(',').replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return { update_mask: camel, ...request };
}

async function overGrpc(method: Method): Promise<void> {
  const header = fc.constantFrom('', 'x', 'a'.repeat(2_000), '0b6c2ff4-0a4e-4d3c-8f5e-8a0a3f7f9a10');
  const requests = await requestsTo(method);
  const property = fc.asyncProperty(requests, damagedBytes, header, async (request, damage, id) => {
    const bytes = damage(onTheWire(method.input, withMask(method, request), DESCRIPTORS));
    const error = await callBytes(method.path, bytes, id === '' ? {} : { 'x-correlation-id': id });
    if (error === undefined) return;
    if (OURS.includes(error.code) && !NO_WORKER.test(error.details))
      throw new Error(`${status[error.code]} ${error.details}`);
    checkText(error.details);
  });
  await fc.assert(property, parameters);
}

test('gRPC', () => eachMethod(METHODS, overGrpc), 60_000 * SOAK);

test(LAST, async () => {
  const method = ALL.filter(({ name }) => name === LAST);
  await eachMethod(method, overHttp);
  await eachMethod(method, overGrpc);
});

/** Each is one connection's worth of bytes that no client library would send. */
const HEAD = 'Host: x\r\nContent-Type: application/json\r\n';
test.each([
  ['a chunk size that is no number', `POST /v1/groups HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}`],
  [
    'a chunk size beyond everything',
    `POST /v1/groups HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n`,
  ],
  ['a negative length', `POST /v1/groups HTTP/1.1\r\n${HEAD}Content-Length: -1\r\n\r\n`],
  ['two lengths', `POST /v1/groups HTTP/1.1\r\n${HEAD}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`],
  [
    'length and chunks',
    `POST /v1/groups HTTP/1.1\r\n${HEAD}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  ['an unknown encoding', `POST /v1/groups HTTP/1.1\r\n${HEAD}Transfer-Encoding: gzip\r\n\r\n{}`],
  ['no host', 'GET /v1/groups HTTP/1.1\r\n\r\n'],
  ['a header without a colon', 'GET /v1/groups HTTP/1.1\r\nHost x\r\n\r\n'],
  ['a NUL in a header', 'GET /v1/groups HTTP/1.1\r\nHost: x\r\nA: \u0000\r\n\r\n'],
  ['folded headers', 'GET /v1/groups HTTP/1.1\r\nHost: x\r\nA: b\r\n c: d\r\n\r\n'],
  ['headers without end', `GET /v1/groups HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(40_000)}\r\n\r\n`],
  ['a path without end', `GET /v1/groups/${'a'.repeat(40_000)} HTTP/1.1\r\nHost: x\r\n\r\n`],
  ['an unknown method', 'BREW /v1/groups HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['an unknown version', 'GET /v1/groups HTTP/9.9\r\nHost: x\r\n\r\n'],
  ['an expectation', `POST /v1/groups HTTP/1.1\r\n${HEAD}Expect: nonsense\r\nContent-Length: 2\r\n\r\n{}`],
  ['an upgrade', 'GET /v1/groups HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'],
  ['a tunnel', 'CONNECT 127.0.0.1:1 HTTP/1.1\r\nHost: x\r\n\r\n'],
])('%s is refused or closed, and others are served on', async (_what, bytes) => {
  const text = await new Promise<string>((resolve, reject) => {
    const socket = connect(controller.port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
    let seen = '';
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => socket.destroy(new Error('neither answered nor closed')));
    socket.on('data', (chunk) => {
      seen += chunk.toString('latin1');
      socket.end();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => (error.code === 'ECONNRESET' ? resolve(seen) : reject(error)));
    socket.on('close', () => resolve(seen));
  });
  if (text !== '') expect(text).toMatch(/^HTTP\/1\.1 4\d\d /);
  expect((await controller.api.call('GET', `/v1/scopes/${DEV.org}`)).status).toBe(200);
});

test('everything is there and well afterwards', async () => {
  for (const door of [controller.http, controller.grpc]) {
    expect(await door.call('GetScope', { id: DEV.org })).toMatchObject({ status: 200, body: { id: DEV.org } });
  }
});
