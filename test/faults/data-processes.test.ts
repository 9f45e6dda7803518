/**
 * A worker whose connections are carried by several processes: what is lost with one of them, and
 * what is not.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { startSessionProxy } from '../../cli/connect/listener/session-proxy';
import { startDeployment, type Deployment, type Part } from '../harness/deployment';
import { dial, echo, endpoint, gone, readAll, type Endpoint } from '../harness/endpoints';
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

/** Its connections, once they are over, or as `holds` says. */
const closed = async (
  sessionId: string,
  count: number,
  holds = (row: any) => row.cause !== undefined,
): Promise<any[]> => {
  const isSo = ({ connections = [] }) => connections.length === count && connections.every(holds);
  return (await deployment.api.sessionWhere(sessionId, 'closed', isSo)).connections;
};
const bytes = (rows: any[]): string[] => rows.map((row) => `${row.cause} ${row.bytes_up} ${row.bytes_down}`).sort();

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

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
  const lostRows = rows.filter((row) => row.cause === 'worker lost');
  expect(lostRows).toHaveLength(lost.size);
  for (const row of lostRows) {
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
  const [kept, canceled, quiet] = [
    await proxyTo(transfers.port),
    await proxyTo(transfers.port),
    await proxyTo(transfers.port),
  ];
  const all = await startMany(kept.proxy.port, 6);
  const cut = await startMany(canceled.proxy.port, 3);
  const ending = await startMany(quiet.proxy.port, 3);
  const pids = dataPids();
  const exit = new Promise((resolve) => worker.live.child.once('exit', resolve));
  worker.live.child.kill('SIGKILL');
  await exit;
  // They end while there is no control process: their records wait for the next one.
  const ended = await Promise.all(ending.map((each) => each.finish()));
  const before = all.map((each) => each.moved());
  await waitFor('the others to go on', () => all.every((each, i) => each.moved() > before[i]! + 100_000));
  const exited = Promise.all(
    pids.map((pid) => waitFor('an earlier data process to end', () => !isAlive(pid), { timeoutMs: 40_000 })),
  );
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
  expect(bytes(await closed(kept.sessionId, 8))).toEqual(results.map(({ up, down }) => `fin ${up} ${down}`).sort());
  expect(bytes(await closed(quiet.sessionId, 3))).toEqual(ended.map(({ up, down }) => `fin ${up} ${down}`).sort());
  expect((await closed(canceled.sessionId, 3)).map((row: any) => row.cause)).toEqual(Array(3).fill('canceled'));
  await exited;
  await served();
  for (const each of [kept, canceled, quiet]) await each.proxy.close();
  expect(readdirSync(home).filter((name) => name.startsWith('closes-'))).toEqual([]);
}, 90_000);

describe('SIGUSR2', () => {
  const successors = (): number[] =>
    log()
      .split('\n')
      .filter((line) => line.includes('the next process of this worker serves'))
      .map((line) => (JSON.parse(line) as { pid: number }).pid);

  /** Answers the id of the control process that serves from then on. */
  async function handOver(): Promise<number> {
    const before = successors().length;
    worker.live.child.kill('SIGUSR2');
    await waitFor('the next process', () => successors().length > before, { status: log });
    return successors().at(-1)!;
  }

  test('the next processes serve while earlier ones drain; nobody is refused; a cancel reaches all', async () => {
    const [kept, canceled] = [await proxyTo(transfers.port), await proxyTo(transfers.port)];
    const short = await proxyTo(server.port);
    const all = await startMany(kept.proxy.port, 4);
    const cut = await startMany(canceled.proxy.port, 4);
    let isOver = false;
    const connects = (async () => {
      for (let i = 0; !isOver; i++) expect(await text(short.proxy.port, `number ${i}`)).toBe(`number ${i}`);
    })();
    await handOver();
    all.push(...(await startMany(kept.proxy.port, 4)));
    cut.push(...(await startMany(canceled.proxy.port, 4)));
    isOver = true;
    await connects;
    expect(short.warnings).toEqual([]);
    await deployment.api.ok('POST', `/v1/sessions/${canceled.sessionId}:cancel`, { version: 2 });
    await Promise.all(cut.map((each) => each.lost));
    const results = await Promise.all(all.map((each) => each.finish()));
    expect(bytes(await closed(kept.sessionId, 8))).toEqual(results.map(({ up, down }) => `fin ${up} ${down}`).sort());
    expect((await closed(canceled.sessionId, 8)).map((row: any) => row.cause)).toEqual(Array(8).fill('canceled'));
    await waitFor('the earlier processes to end', () => dataPids().length === PROCESSES + 1, { status: log });
    for (const each of [kept, canceled, short]) await each.proxy.close();
  }, 60_000);

  test('a control process that drains and is killed leaves its connections to the one that serves', async () => {
    const { proxy, sessionId } = await proxyTo(transfers.port);
    const present = successors().at(-1)!;
    const all = await startMany(proxy.port, 4);
    await handOver();
    const next = await startMany(proxy.port, 2);
    process.kill(present, 'SIGKILL');
    await worker.live.output(/a data process of an earlier control process is taken up/);
    const before = all.map((each) => each.moved());
    await waitFor('all to go on', () => all.every((each, i) => each.moved() > before[i]! + 100_000));
    expect((await closed(sessionId, 6, () => true)).filter((row: any) => row.cause)).toEqual([]);
    const results = await Promise.all([...all, ...next].map((each) => each.finish()));
    expect(bytes(await closed(sessionId, 6))).toEqual(results.map(({ up, down }) => `fin ${up} ${down}`).sort());
    await proxy.close();
  }, 60_000);

  test('the main process that is killed ends no connection, neither of its own nor of those that followed it', async () => {
    const { proxy, sessionId } = await proxyTo(transfers.port);
    const all = await startMany(proxy.port, 4);
    await handOver();
    all.push(...(await startMany(proxy.port, 4)));
    const serving = successors().at(-1)!;
    const exit = new Promise((resolve) => worker.live.child.once('exit', resolve));
    worker.live.child.kill('SIGKILL');
    await exit;
    await waitFor('the one that serves to end', () => !isAlive(serving));
    await worker.start();
    const before = all.map((each) => each.moved());
    await waitFor('all to go on', () => all.every((each, i) => each.moved() > before[i]! + 100_000));
    const results = await Promise.all(all.map((each) => each.finish()));
    expect(bytes(await closed(sessionId, 8))).toEqual(results.map(({ up, down }) => `fin ${up} ${down}`).sort());
    await proxy.close();
    await served();
  }, 60_000);
});

test('limits hold for all data processes together', async () => {
  const [proxy, ops] = (await freePorts(2)) as [number, number];
  const block = {
    data_processes: PROCESSES,
    tags: { type: ['few'] },
    limits: { connections: 5, connections_per_session: 4 },
  };
  const few = await deployment.addWorker('few', { proxy, ops }, block);
  await few.start();
  const filter = { egress_worker_filter: '"few" in "/tags/type"' };
  const [first, second] = [await proxyTo(transfers.port, filter), await proxyTo(transfers.port, filter)];
  const refusals = async ({ proxy, warnings }: typeof first, holds: RegExp): Promise<void> => {
    // Whichever process they come to.
    for (let i = 0; i < 2 * PROCESSES; i++) {
      const before = warnings.length;
      await gone(await dial(proxy.port));
      expect(await waitFor('the refusal', () => warnings[before])).toMatch(holds);
    }
  };
  const all = await startMany(first.proxy.port, 4);
  await refusals(first, /connections_per_session, 4/);
  all.push(...(await startMany(second.proxy.port, 1)));
  await refusals(second, /worker.limits.connections, 5/);
  const results = await Promise.all(all.map((each) => each.finish()));
  expect(results.every(({ isRight }) => isRight)).toBe(true);
  await waitFor('the places to be free', async () => {
    const health = await fetch(`http://127.0.0.1:${ops}/health`);
    return ((await health.json()) as any).connections === 0;
  });
  const again = await startMany(second.proxy.port, 4);
  for (const each of again) expect((await each.finish()).isRight).toBe(true);
  for (const each of [first, second]) await each.proxy.close();
  expect((await few.live.stop()).code).toBe(0);
}, 60_000);

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
