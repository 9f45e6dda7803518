/**
 * One worker process follows another, or takes over from it, on the same listening socket:
 * everybody is served.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startSessionProxy } from '../../cli/connect/listener/session-proxy';
import { startDeployment, type Deployment, type Part } from '../harness/deployment';
import { SALLYPORT } from '../harness/dev';
import { dial, echo, endpoint, readAll, type Endpoint } from '../harness/endpoints';
import { freePorts, run, start, type Live } from '../harness/process';
import { waitFor } from '../harness/wait';
import { transferEndpoint, type TransferEndpoint, type TransferResult } from './transfer';

let deployment: Deployment;
let server: Endpoint;
let transfers: TransferEndpoint;
let holder: Live;
let opsPort = 0;

beforeAll(async () => {
  deployment = await startDeployment();
  [server, transfers] = [await endpoint(echo), await transferEndpoint()];
  const [proxy, ops] = (await freePorts(2)) as [number, number];
  opsPort = ops;
  const block = { drain_timeout: '20s', tags: { type: ['held'] } };
  const { file } = await deployment.addWorker('held', { proxy, ops }, block);
  const holderFile = join(__dirname, '../harness/socket-holder.ts');
  const command = ['-r', 'esbuild-register', holderFile, '2', SALLYPORT, 'server', '-config', file];
  // The address of the file is not the one of the socket; clients are told the latter.
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace(`127.0.0.1:${proxy}`, '127.0.0.1:1'));
  holder = start(process.execPath, command, { env: deployment.env, cwd: join(__dirname, '../..') });
  await ready();
}, 120_000);
afterAll(async () => {
  const left = holder.ended ? [] : pids();
  // First, as it would start the next one.
  holder.child.kill('SIGKILL');
  for (const pid of left) process.kill(pid, 'SIGKILL');
  await holder.finished;
  await Promise.all([server.close(), transfers.close()]);
  await deployment.stop();
}, 60_000);

const health = (): Promise<any> =>
  fetch(`http://127.0.0.1:${opsPort}/health`).then(
    (answer) => answer.json(),
    () => ({}),
  );
const ready = () =>
  waitFor('the worker', async () => (await health()).attached === true && (await health()).draining === false, {
    timeoutMs: 60_000,
    status: () => `${holder.stdout}\n${holder.stderr}`,
  });

/** The worker that runs now: the only child of the holder. */
const pids = (): number[] =>
  readFileSync(`/proc/${holder.child.pid}/task/${holder.child.pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter((text) => text !== '')
    .map(Number);

async function proxyTo(port: number, worker = 'held') {
  const { api, projectId } = deployment;
  const more = { egress_worker_filter: `"${worker}" in "/tags/type"`, session_connection_limit: -1 };
  const { id } = await api.target(projectId, port, more);
  const { authorization_token: token, session_id: sessionId } = await api.authorize(id);
  const warnings: string[] = [];
  const onWarning = (text: string) => void warnings.push(text);
  const proxy = await startSessionProxy({ token, listenAddress: '127.0.0.1', listenPort: 0, onWarning });
  return { proxy, warnings, sessionId };
}

/**
 * Connects again and again, four at a time, each with a text that comes back, until it is told to
 * end.
 */
function streamOfConnects(port: number) {
  const tally = { asked: 0, answered: 0, isOver: false };
  const one = async (): Promise<void> => {
    const text = `number ${tally.asked++}`;
    const socket = await dial(port);
    socket.end(text);
    expect((await readAll(socket)).toString()).toBe(text);
    tally.answered++;
  };
  const streams = Array.from({ length: 4 }, async () => {
    for (let i = 0; i < 10_000 && !tally.isOver; i++) await one();
  });
  const all = Promise.all(streams);
  return {
    async more(count = 20) {
      const before = tally.answered;
      await waitFor('more connections', () => tally.answered > before + count, { status: () => JSON.stringify(tally) });
    },
    async end() {
      tally.isOver = true;
      await all;
      expect(tally.answered).toBe(tally.asked);
    },
  };
}

test('a stream of connects during a restart: none is refused, live ones finish', async () => {
  const { proxy, warnings } = await proxyTo(server.port);
  const long = await proxyTo(transfers.port);
  const transfer = await transfers.start(long.proxy.port);
  const [first] = pids();
  const connects = streamOfConnects(proxy.port);
  await connects.more();
  process.kill(first!, 'SIGTERM');
  await waitFor('draining', async () => (await health()).draining === true);
  const moved = transfer.moved();
  await waitFor('the live connection to go on', () => transfer.moved() > moved + 100_000);
  expect(await transfer.finish()).toMatchObject({ isRight: true });
  await holder.output(/ended 0/, 60_000);
  await ready();
  expect(pids()).not.toContain(first);
  await connects.more();
  await connects.end();
  expect(warnings).toEqual([]);
  for (const each of [proxy, long.proxy]) await each.close();
  process.kill(pids()[0]!, 'SIGTERM');
  expect((await holder.finished).stdout).toMatch(/ended 0[\s\S]*ended 0/);
}, 120_000);

describe('SIGUSR2', () => {
  let worker: Part;
  let opsOfNext = 0;
  const log = () => worker.live.stdout + worker.live.stderr;
  const successors = () => servingPids(worker.live);

  async function handOver(): Promise<number> {
    const before = successors().length;
    worker.live.child.kill('SIGUSR2');
    await waitFor('the next process', () => successors().length > before, { status: log });
    return successors().at(-1)!;
  }

  const recorded = (sessionId: string, rows: number, holds: (row: any) => boolean): Promise<any> =>
    deployment.api.sessionWhere(
      sessionId,
      `with ${rows} rows as expected`,
      ({ connections = [] }) => connections.length === rows && connections.every(holds),
    );
  const isExactly = (row: any, { up, down }: TransferResult): boolean =>
    row.cause === 'fin' && Number(row.bytes_up) === up && Number(row.bytes_down) === down;

  beforeAll(async () => {
    const [proxy, ops] = (await freePorts(2)) as [number, number];
    opsOfNext = ops;
    worker = await deployment.addWorker('next', { proxy, ops }, { drain_timeout: '60s', tags: { type: ['next'] } });
    await worker.start();
  }, 60_000);

  test('the next process serves while two earlier ones drain; a cancel reaches all three', async () => {
    const { proxy, warnings } = await proxyTo(server.port, 'next');
    const [kept, canceled] = [await proxyTo(transfers.port, 'next'), await proxyTo(transfers.port, 'next')];
    const connects = streamOfConnects(proxy.port);
    const last = await transfers.start(kept.proxy.port);
    const cut = [await transfers.start(canceled.proxy.port)];
    const drained: number[] = [];
    for (let i = 0; i < 2; i++) {
      drained.push(await handOver());
      // The transfers keep the earlier processes there: these connections have not waited for their
      // end.
      await connects.more();
      cut.push(await transfers.start(canceled.proxy.port));
      expect((await fetch(`http://127.0.0.1:${opsOfNext}/readyz`)).status).toBe(200);
    }
    expect(isAlive(drained[0]!)).toBe(true);
    const moved = last.moved();
    await waitFor('the oldest connection to go on', () => last.moved() > moved + 100_000);
    await deployment.api.ok('POST', `/v1/sessions/${canceled.sessionId}:cancel`, { version: 2 });
    await Promise.all(cut.map((transfer) => transfer.lost));
    await recorded(canceled.sessionId, 3, (row) => row.cause === 'canceled' && row.closed_by === 'admin');
    const result = await last.finish();
    expect(result.isRight).toBe(true);
    await recorded(kept.sessionId, 1, (row) => isExactly(row, result));
    await connects.more();
    await connects.end();
    expect(warnings).toEqual([]);
    await waitFor('the earlier process to end', () => !isAlive(drained[0]!));
    for (const each of [proxy, kept.proxy, canceled.proxy]) await each.close();
  }, 60_000);

  test('a next process that cannot start changes nothing', async () => {
    const { proxy, sessionId } = await proxyTo(transfers.port, 'next');
    const transfer = await transfers.start(proxy.port);
    const text = readFileSync(worker.file, 'utf8');
    writeFileSync(worker.file, '{');
    const before = successors();
    worker.live.child.kill('SIGUSR2');
    await worker.live.output(/did not get ready: the present one goes on/);
    writeFileSync(worker.file, text);
    expect(successors()).toEqual(before);
    const another = await transfers.start(proxy.port);
    for (const each of [transfer, another]) expect((await each.finish()).isRight).toBe(true);
    await recorded(sessionId, 2, (row) => row.cause === 'fin');
    await proxy.close();
  }, 30_000);

  test('of a draining process that is killed, what is left closes as lost; the next one does not notice', async () => {
    const present = successors().at(-1)!;
    const [lost, kept] = [await proxyTo(transfers.port, 'next'), await proxyTo(transfers.port, 'next')];
    const gone = await transfers.start(lost.proxy.port);
    await handOver();
    const transfer = await transfers.start(kept.proxy.port);
    process.kill(present, 'SIGKILL');
    await gone.lost;
    await recorded(lost.sessionId, 1, (row) => row.cause === 'worker lost' && row.closed_by === 'worker');
    const result = await transfer.finish();
    expect(result.isRight).toBe(true);
    await recorded(kept.sessionId, 1, (row) => isExactly(row, result));
    for (const each of [lost, kept]) await each.proxy.close();
    expect((await worker.live.stop('SIGTERM')).code).toBe(0);
    expect(successors().some(isAlive)).toBe(false);
    expect(readdirSync(join(deployment.home, 'next')).sort()).toEqual(['identity.json']);
  }, 30_000);
});

describe('without the main process', () => {
  test('a process that was to take over does not serve for itself', async () => {
    const env = { ...deployment.env, SALLYPORT_TAKES_OVER: '{}' };
    const file = join(deployment.home, 'next.json');
    const ended = await run(SALLYPORT, ['server', '-config', file], { env, timeoutMs: 20_000 });
    expect([ended.code, ended.stderr]).toEqual([2, expect.stringContaining('the process that set this is gone')]);
  }, 30_000);

  test('the one that serves ends; one that drains goes on, until SIGTERM', async () => {
    const [proxy, ops] = (await freePorts(2)) as [number, number];
    const worker = await deployment.addWorker('orphans', { proxy, ops }, { tags: { type: ['orphans'] } });
    await worker.start();
    const { live } = worker;
    const pids: number[] = [];
    const session = await proxyTo(transfers.port, 'orphans');
    const moving: Awaited<ReturnType<TransferEndpoint['start']>>[] = [];
    for (let i = 0; i < 2; i++) {
      live.child.kill('SIGUSR2');
      await waitFor('the next process', () => servingPids(live).length > i, { status: () => live.stderr });
      pids.push(servingPids(live)[i]!);
      moving.push(await transfers.start(session.proxy.port));
    }
    live.child.kill('SIGKILL');
    await moving[1]!.lost;
    await waitFor('the one that serves to end', () => !isAlive(pids[1]!));
    const moved = moving[0]!.moved();
    await waitFor('the other one to go on', () => moving[0]!.moved() > moved + 100_000);
    process.kill(pids[0]!, 'SIGTERM');
    await moving[0]!.lost;
    await waitFor('the other one to end', () => !isAlive(pids[0]!));
    await session.proxy.close();
  }, 60_000);
});

/** Ids of the processes that took over, in their order. */
const servingPids = (live: Live): number[] =>
  (live.stdout + live.stderr)
    .split('\n')
    .filter((line) => line.includes('the next process of this worker serves'))
    .map((line) => (JSON.parse(line) as { pid: number }).pid);

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
