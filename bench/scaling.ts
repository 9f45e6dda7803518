/**
 * Whether data processes add up: the same load through a worker of one and of two data processes,
 * in turns. A control group of its own (version 1, `cpu.cfs_quota_us`) holds each process to a
 * fifth of a core, so that cores of the machine are no limit. Needs root and Linux. The ratio is
 * the figure; its target is 1.8.
 */
import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { startSessionProxy } from '../cli/connect/listener/session-proxy';
import { median, spread } from './harness/statistics';
import { startWorker } from './worker-program';

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const SECONDS = Number(process.env.BENCH_SECONDS ?? 5);
/** Enough that each process has some, however they are spread. */
const CONNECTIONS = 16;
const WARM_UP_MS = 1_000;
const PERIOD_US = 100_000;
const GROUPS = process.env.BENCH_CGROUP ?? '/sys/fs/cgroup/cpu';
const SHARE = Number(process.env.BENCH_SHARE ?? 0.2);
const BLOCK = Buffer.alloc(64 * 1024, 7);

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Holds the process to its share; answers the call that lifts it. */
function hold(pid: number): () => void {
  const group = join(GROUPS, `sallyport-bench-${pid}`);
  mkdirSync(group);
  writeFileSync(join(group, 'cpu.cfs_period_us'), String(PERIOD_US));
  writeFileSync(join(group, 'cpu.cfs_quota_us'), String(Math.round(PERIOD_US * SHARE)));
  writeFileSync(join(group, 'cgroup.procs'), String(pid));
  return () => {
    writeFileSync(join(GROUPS, 'cgroup.procs'), String(pid));
    rmdirSync(group);
  };
}

/** Bytes per second that arrive at the endpoint, of many connections that send all the time. */
async function throughput(processes: number, isHeld: boolean): Promise<number> {
  let received = 0;
  const endpoint = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => (received += chunk.length));
  });
  await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve));
  const worker = await startWorker((endpoint.address() as AddressInfo).port, processes);
  const proxy = await startSessionProxy({ token: worker.ready.token, listenAddress: '127.0.0.1', listenPort: 0 });
  const sockets: Socket[] = [];
  for (let i = 0; i < CONNECTIONS; i++) {
    const socket = connect(proxy.port, '127.0.0.1').on('error', () => undefined);
    const send = (): void => {
      while (socket.writable && socket.write(BLOCK));
    };
    socket.on('connect', send).on('drain', send);
    sockets.push(socket);
  }
  const lift = isHeld ? worker.ready.dataPids.map(hold) : [];
  await sleep(WARM_UP_MS);
  const [before, started] = [received, process.hrtime.bigint()];
  await sleep(SECONDS * 1_000);
  const rate = (received - before) / (Number(process.hrtime.bigint() - started) / 1e9);
  for (const each of lift) each();
  for (const socket of sockets) socket.destroy();
  await proxy.close();
  worker.stop();
  endpoint.close();
  return rate;
}

async function main(): Promise<void> {
  for (const isHeld of [true, false]) {
    const rates: [number[], number[]] = [[], []];
    for (let round = 0; round < (isHeld ? ROUNDS : 1); round++) {
      for (const processes of [1, 2]) rates[processes - 1]!.push((await throughput(processes, isHeld)) / 1e6);
    }
    const what = isHeld ? `each process held to ${SHARE * 100} % of a core` : 'not held, no target';
    console.log(`${what}, MB/s, median (least-most):`);
    console.log(`  one data process   ${spread(rates[0], 1)}`);
    console.log(`  two data processes ${spread(rates[1], 1)}`);
    const ratios = rates[1].map((rate, i) => rate / rates[0][i]!);
    console.log(`  two to one         ${spread(ratios)}${isHeld ? `, target 1.8: ${median(ratios) >= 1.8}` : ''}`);
  }
}

void main().then(() => process.exit(0));
