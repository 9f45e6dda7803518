/**
 * What connections cost that do nothing: memory of the data process for each, by the slope between
 * few and many; CPU time for each new one; CPU time while all are idle, of worker and client. The
 * worker has one data process, so that the figures are those of one process.
 */
import { readFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { startClient } from './session-program';
import { startWorker } from './worker-program';

const FEW = Number(process.env.BENCH_FEW ?? 1_000);
const MANY = Number(process.env.BENCH_MANY ?? 8_000);
const IDLE_SECONDS = Number(process.env.BENCH_SECONDS ?? 20);
const AT_ONCE = 50;
const SETTLE_MS = 3_000;
const TICKS_PER_SECOND = 100;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Seconds of user and system time of a process so far. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** KB that the process has, its part of what is shared with others included. */
const pssOf = (pid: number): number =>
  Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))![1]);

async function main(): Promise<void> {
  let accepted = 0;
  const endpoint = createServer((socket) => {
    accepted++;
    socket.on('error', () => undefined).on('data', (chunk) => socket.write(chunk));
  });
  await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', 4_096, resolve));
  const worker = await startWorker((endpoint.address() as AddressInfo).port, 1);
  const client = await startClient(worker.ready.token);
  const [control, data] = [worker.pid, worker.ready.dataPids[0]!];
  await sleep(SETTLE_MS);
  console.log(`idle, no connections: PSS control process ${pssOf(control)} KB, data process ${pssOf(data)} KB`);

  const sockets: Socket[] = [];
  /** Each carries a byte and its echo. */
  const open = async (): Promise<void> => {
    const socket = connect(client.ready.port, '127.0.0.1');
    sockets.push(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject).once('data', () => resolve());
      socket.write('x');
    });
  };
  const upTo = async (count: number): Promise<void> => {
    while (sockets.length < count) {
      await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - sockets.length) }, open));
    }
    await sleep(SETTLE_MS);
  };
  const usage = () => ({ memory: pssOf(data), worker: cpuOf(data) + cpuOf(control), client: cpuOf(client.pid) });

  await upTo(FEW);
  const few = usage();
  await upTo(MANY);
  const many = usage();
  await sleep(IDLE_SECONDS * 1_000);
  const later = usage();
  const count = MANY - FEW;
  const share = (from: number, to: number): string => `${(((to - from) / IDLE_SECONDS) * 100).toFixed(1)} %`;
  console.log(`${accepted} connections, ${MANY} of them asked for`);
  console.log(`memory of the data process for each, from ${FEW} to ${MANY}: ${kb((many.memory - few.memory) / count)}`);
  console.log(`CPU of the worker for each new one: ${(((many.worker - few.worker) / count) * 1e3).toFixed(2)} ms`);
  console.log(`CPU while ${MANY} are idle, of one core: worker ${share(many.worker, later.worker)}`);
  console.log(`  client ${share(many.client, later.client)}`);
  console.log(`  (of the worker, the control process and the data process together)`);
  worker.stop();
  client.stop();
}

const kb = (value: number): string => `${value.toFixed(1)} KB`;

void main().then(() => process.exit(0));
