/** One worker process follows another on the same listening socket: everybody who connects meanwhile is served. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startSessionProxy } from '../../cli/proxy/session-proxy';
import { startDeployment, type Deployment } from '../harness/deployment';
import { SALLYPORT } from '../harness/dev';
import { dial, echo, endpoint, readAll, type Endpoint } from '../harness/endpoints';
import { freePorts, start, type Live } from '../harness/process';
import { waitFor } from '../harness/wait';
import { transferEndpoint, type TransferEndpoint } from './transfer';

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
  if (!holder.ended) for (const pid of pids()) process.kill(pid, 'SIGKILL');
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

async function proxyTo(port: number) {
  const { api, projectId } = deployment;
  const more = { egress_worker_filter: '"held" in "/tags/type"', session_connection_limit: -1 };
  const { id } = await api.target(projectId, port, more);
  const { authorization_token: token } = await api.authorize(id);
  const warnings: string[] = [];
  const onWarning = (text: string) => void warnings.push(text);
  const proxy = await startSessionProxy({ token, listenAddress: '127.0.0.1', listenPort: 0, onWarning });
  return { proxy, warnings };
}

test('a stream of connects during the handover: none is refused, live ones finish', async () => {
  const { proxy, warnings } = await proxyTo(server.port);
  const long = await proxyTo(transfers.port);
  const transfer = await transfers.start(long.proxy.port);
  const [first] = pids();
  const tally = { asked: 0, answered: 0, isOver: false };
  const one = async (): Promise<void> => {
    const text = `number ${tally.asked++}`;
    const socket = await dial(proxy.port);
    socket.end(text);
    expect((await readAll(socket)).toString()).toBe(text);
    tally.answered++;
  };
  const streams = Array.from({ length: 4 }, async () => {
    for (let i = 0; i < 10_000 && !tally.isOver; i++) await one();
  });
  const all = Promise.all(streams);
  await waitFor('the stream', () => tally.answered > 20);
  process.kill(first!, 'SIGTERM');
  await waitFor('draining', async () => (await health()).draining === true);
  const moved = transfer.moved();
  await waitFor('the live connection to go on', () => transfer.moved() > moved + 100_000);
  expect(await transfer.finish()).toMatchObject({ isRight: true });
  await holder.output(/ended 0/, 60_000);
  const before = tally.answered;
  await ready();
  expect(pids()).not.toContain(first);
  await waitFor('connections through the next process', () => tally.answered > before + 20);
  tally.isOver = true;
  await all;
  expect(tally.answered).toBe(tally.asked);
  expect(warnings).toEqual([]);
  for (const each of [proxy, long.proxy]) await each.close();
  process.kill(pids()[0]!, 'SIGTERM');
  expect((await holder.finished).stdout).toMatch(/ended 0[\s\S]*ended 0/);
}, 120_000);
