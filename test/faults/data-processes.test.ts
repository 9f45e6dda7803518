/** A worker whose connections are carried by several processes: what is lost with one of them, and what is not. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { startSessionProxy } from '../../cli/proxy/session-proxy';
import { startDeployment, type Deployment, type Part } from '../harness/deployment';
import { dial, echo, endpoint, readAll, type Endpoint } from '../harness/endpoints';
import { descendants, freePorts } from '../harness/process';
import { waitFor } from '../harness/wait';
import { transferEndpoint, type Transfer, type TransferEndpoint } from './transfer';

const PROCESSES = 3;
let deployment: Deployment;
let server: Endpoint;
let transfers: TransferEndpoint;
let worker: Part;
let home: string;
let opsPort = 0;

beforeAll(async () => {
  deployment = await startDeployment();
  [server, transfers] = [await endpoint(echo), await transferEndpoint()];
  const [proxy, ops] = (await freePorts(2)) as [number, number];
  opsPort = ops;
  home = join(deployment.home, 'many');
  const block = { data_processes: PROCESSES, drain_timeout: '20s', tags: { type: ['many'] } };
  worker = await deployment.addWorker('many', { proxy, ops }, block);
  await worker.start();
  await served();
}, 120_000);
afterAll(async () => {
  for (const pid of dataPids()) process.kill(pid, 'SIGKILL');
  await Promise.all([server.close(), transfers.close()]);
  await deployment.stop();
}, 60_000);

const log = (): string => worker.live.stdout + worker.live.stderr;
const dataPids = (): number[] => (worker.live.child.exitCode === null ? descendants(worker.live.child.pid!) : []);
const health = (): Promise<any> =>
  fetch(`http://127.0.0.1:${opsPort}/health`).then(
    (answer) => answer.json(),
    () => ({}),
  );
const served = () =>
  waitFor('all data processes', async () => (await health()).data_processes === PROCESSES, { status: log });

/** Of a counter or gauge, all labels together, or those that match. */
async function metric(name: string, labels = ''): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${opsPort}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith(`sallyport_worker_proxy_${name}`));
  return lines.filter((line) => line.includes(labels)).reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

async function proxyTo(port: number, more: Record<string, unknown> = {}) {
  const { api, projectId } = deployment;
  const { id } = await api.target(projectId, port, {
    egress_worker_filter: '"many" in "/tags/type"',
    session_connection_limit: -1,
    ...more,
  });
  const { authorization_token: token, session_id: sessionId } = await api.authorize(id);
  const warnings: string[] = [];
  const onWarning = (text: string) => void warnings.push(text);
  const proxy = await startSessionProxy({ token, listenAddress: '127.0.0.1', listenPort: 0, onWarning });
  return { proxy, warnings, sessionId };
}

async function startMany(port: number, count: number): Promise<Transfer[]> {
  const started: Transfer[] = [];
  for (let i = 0; i < count; i++) started.push(await transfers.start(port));
  return started;
}

/** Which of them are lost, once `count` processes have taken theirs with them. */
async function lostOf(all: Transfer[]): Promise<{ lost: Set<Transfer>; kept: Transfer[] }> {
  const lost = new Set<Transfer>();
  for (const each of all) void each.lost.then(() => lost.add(each));
  await waitFor('connections to be lost', () => lost.size > 0);
  const moved = new Map(all.map((each) => [each, each.moved()]));
  await waitFor('each connection to go on or to be lost', () =>
    all.every((each) => lost.has(each) || each.moved() > moved.get(each)! + 50_000),
  );
  return { lost, kept: all.filter((each) => !lost.has(each)) };
}

const text = async (port: number, words: string): Promise<string> => {
  const socket = await dial(port);
  socket.end(words);
  return (await readAll(socket)).toString();
};

test('connections are spread; counts are sums; a cancel reaches all of them', async () => {
  const { proxy, sessionId } = await proxyTo(transfers.port);
  const all = await startMany(proxy.port, 12);
  expect(await metric('open_connections')).toBe(12);
  const before = await metric('connect_seconds_count');
  const short = await proxyTo(server.port);
  for (let i = 0; i < 20; i++) expect(await text(short.proxy.port, `number ${i}`)).toBe(`number ${i}`);
  expect((await metric('connect_seconds_count')) - before).toBe(20);
  await waitFor('the ends to be counted', async () => (await metric('open_connections')) === 12);
  expect(await metric('closed_connections_total', 'cause="fin"')).toBe(20);
  await deployment.api.ok('POST', `/v1/sessions/${sessionId}:cancel`, { version: 2 });
  await Promise.all(all.map((each) => each.lost));
  const { connections } = await deployment.api.sessionWhere(
    sessionId,
    'canceled',
    ({ connections = [] }) => connections.length === 12 && connections.every((row: any) => row.cause === 'canceled'),
  );
  expect(new Set(connections.map((row: any) => row.closed_by))).toEqual(new Set(['admin']));
  expect(await metric('closed_connections_total', 'cause="canceled"')).toBe(12);
  expect(await metric('open_connections')).toBe(0);
  for (const each of [proxy, short.proxy]) await each.close();
}, 60_000);

test('a data process that is killed loses its connections and no others, and is replaced', async () => {
  const { proxy, sessionId } = await proxyTo(transfers.port);
  const all = await startMany(proxy.port, 12);
  const pids = dataPids();
  expect(pids).toHaveLength(PROCESSES);
  // Bytes that have been reported.
  const { connections } = await deployment.api.sessionWhere(sessionId, 'with counts', ({ connections = [] }) =>
    connections.every((row: any) => Number(row.bytes_up ?? 0) > 0),
  );
  const told = new Map<number, number>(connections.map((row: any) => [row.client_tcp_port, Number(row.bytes_up)]));
  process.kill(pids[0]!, 'SIGKILL');
  const { lost, kept } = await lostOf(all);
  expect(kept.length).toBeGreaterThan(0);
  await waitFor('another one', () => dataPids().length === PROCESSES && !dataPids().includes(pids[0]!), {
    status: log,
  });
  expect(dataPids()).toEqual(expect.arrayContaining(pids.slice(1)));
  const again = await startMany(proxy.port, 6);
  const results = await Promise.all([...kept, ...again].map((each) => each.finish()));
  expect(results.every(({ isRight }) => isRight)).toBe(true);
  const rows: any[] = (
    await deployment.api.sessionWhere(
      sessionId,
      'closed',
      ({ connections: [...rows] }) => rows.length === 18 && rows.every((row: any) => row.cause !== undefined),
    )
  ).connections;
  const gone = rows.filter((row) => row.cause === 'worker lost');
  expect(gone).toHaveLength(lost.size);
  for (const row of gone) {
    expect(row.closed_by).toBe('worker');
    expect(Number(row.bytes_up)).toBeGreaterThanOrEqual(told.get(row.client_tcp_port)!);
  }
  const exact = rows.filter((row) => row.cause === 'fin').map((row) => `${row.bytes_up} ${row.bytes_down}`);
  expect(exact.sort()).toEqual(results.map(({ up, down }) => `${up} ${down}`).sort());
  expect(await metric('closed_connections_total', 'cause="worker lost"')).toBe(lost.size);
  expect(await metric('open_connections')).toBe(0);
  await proxy.close();
}, 60_000);

test('the control process that is killed ends no connection: the next one takes them up', async () => {
  const [kept, canceled, quiet] = [await proxyTo(transfers.port), await proxyTo(transfers.port), await proxyTo(transfers.port)];
  const all = await startMany(kept.proxy.port, 6);
  const cut = await startMany(canceled.proxy.port, 3);
  const ending = await startMany(quiet.proxy.port, 3);
  const pids = dataPids();
  const gone = new Promise((resolve) => worker.live.child.once('exit', resolve));
  worker.live.child.kill('SIGKILL');
  await gone;
  // They end while there is no control process: their records wait for the next one.
  const ended = await Promise.all(ending.map((each) => each.finish()));
  const before = all.map((each) => each.moved());
  await waitFor('the others to go on', () => all.every((each, i) => each.moved() > before[i]! + 100_000));
  const exited = Promise.all(pids.map((pid) => waitFor('an earlier data process to end', () => !isAlive(pid), { timeoutMs: 40_000 })));
  await worker.start();
  await waitFor('new data processes beside the earlier ones', async () => (await health()).data_processes > PROCESSES, {
    status: log,
  });
  expect(await metric('open_connections')).toBe(9);
  // New ones are served beside them.
  const more = await startMany(kept.proxy.port, 2);
  await deployment.api.ok('POST', `/v1/sessions/${canceled.sessionId}:cancel`, { version: 2 });
  await Promise.all(cut.map((each) => each.lost));
  const results = await Promise.all([...all, ...more].map((each) => each.finish()));
  expect(results.every(({ isRight }) => isRight)).toBe(true);
  const bytes = (rows: any[]) => rows.map((row) => `${row.cause} ${row.bytes_up} ${row.bytes_down}`).sort();
  const closed = async (sessionId: string, count: number) =>
    (
      await deployment.api.sessionWhere(
        sessionId,
        'closed',
        ({ connections = [] }) => connections.length === count && connections.every((row: any) => row.cause),
      )
    ).connections;
  expect(bytes(await closed(kept.sessionId, 8))).toEqual(results.map(({ up, down }) => `fin ${up} ${down}`).sort());
  expect(bytes(await closed(quiet.sessionId, 3))).toEqual(ended.map(({ up, down }) => `fin ${up} ${down}`).sort());
  expect((await closed(canceled.sessionId, 3)).map((row: any) => row.cause)).toEqual(Array(3).fill('canceled'));
  await exited;
  await served();
  for (const each of [kept, canceled, quiet]) await each.proxy.close();
  expect(readdirSync(home).filter((name) => name.startsWith('closes-'))).toEqual([]);
}, 90_000);

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('SIGTERM drains all data processes, and none is left', async () => {
  const { proxy, sessionId } = await proxyTo(transfers.port);
  const all = await startMany(proxy.port, 6);
  const pids = dataPids();
  worker.live.child.kill('SIGTERM');
  await worker.live.output(/draining/);
  const before = all.map((each) => each.moved());
  await waitFor('connections to go on', () => all.every((each, i) => each.moved() > before[i]! + 100_000));
  const results = await Promise.all(all.map((each) => each.finish()));
  expect(results.every(({ isRight }) => isRight)).toBe(true);
  expect((await worker.live.finished).code).toBe(0);
  expect(pids.some(isAlive)).toBe(false);
  await deployment.api.sessionWhere(
    sessionId,
    'closed',
    ({ connections = [] }) => connections.length === 6 && connections.every((row: any) => row.cause === 'fin'),
  );
  await proxy.close();
  expect(readdirSync(home).sort()).toEqual(['closes.spool', 'identity.json', 'processes.key']);
}, 60_000);
