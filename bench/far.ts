/**
 * A session over a long way: client and worker stand in network namespaces of their own, and every
 * packet between them takes its time. Throughput beside plain TCP over the same line in turns, and
 * round trips until the first byte. Needs root, `ip`, python3 and /dev/net/tun.
 * Run: npm run bench far
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { noArguments } from '../test/harness/selection';
import { serve, startProgram, type Program } from './harness/children';
import { firstByte, startEndpoint, transfer, type Direction } from './harness/load';
import { writeResults } from './harness/results';
import { median, spread } from './harness/statistics';
import { startClient, startWorker } from './session-program';

const ROUND_TRIPS_MS = (process.env.BENCH_RTT_MS ?? '20,100,200').split(',').map(Number);
const SIZE_BYTES = Number(process.env.BENCH_MIB ?? 64) * 1024 * 1024;
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const FIRST_BYTES = 5;
/** Big packets: the line is a program, and what it costs is a packet and not a byte. */
const MTU = 65_000;
const NEAR = { namespace: `sp-near-${process.pid}`, address: '10.213.0.1' };
const FAR = { namespace: `sp-far-${process.pid}`, address: '10.213.0.2' };

type Order = { role: 'endpoint' } | { role: 'load'; plain: number; session: number };

interface Figures {
  direction: Direction;
  plain: number[];
  session: number[];
  ratios: number[];
}

interface Measured {
  throughput: Figures[];
  firstByteMs: { plain: number[]; session: number[] };
}

async function start(order: Order): Promise<{ port: number } | Measured> {
  return order.role === 'endpoint' ? startEndpoint('0.0.0.0').then(({ port }) => ({ port })) : load(order);
}

/** Inside of the near namespace. */
async function load({ plain, session }: { plain: number; session: number }): Promise<Measured> {
  const throughput: Figures[] = [];
  const firstByteMs: Measured['firstByteMs'] = { plain: [], session: [] };
  for (let i = 0; i < FIRST_BYTES; i++) {
    firstByteMs.plain.push((await firstByte(plain, FAR.address)) * 1e3);
    firstByteMs.session.push((await firstByte(session)) * 1e3);
  }
  for (const direction of ['up', 'down'] as const) {
    const figures: Figures = { direction, plain: [], session: [], ratios: [] };
    for (let round = 0; round < ROUNDS; round++) {
      const bare = await transfer(plain, direction, SIZE_BYTES, FAR.address);
      const through = await transfer(session, direction, SIZE_BYTES);
      figures.plain.push(bare);
      figures.session.push(through);
      figures.ratios.push(through / bare);
    }
    throughput.push(figures);
  }
  return { throughput, firstByteMs };
}

async function main(): Promise<void> {
  noArguments();
  const figures: object[] = [];
  for (const roundTripMs of ROUND_TRIPS_MS) {
    const line = await openLine(roundTripMs / 2);
    try {
      const measured = await measure();
      print(roundTripMs, measured);
      figures.push({ roundTripMs, ...measured });
    } finally {
      line.kill();
      for (const { namespace } of [NEAR, FAR]) ip('netns', 'del', namespace);
    }
  }
  console.log(`written: ${writeResults('far', { sizeBytes: SIZE_BYTES, figures })}`);
}

async function measure(): Promise<Measured> {
  const programs: Program<object>[] = [];
  const keep = <T extends object>(program: Program<T>): T => {
    programs.push(program);
    return program.ready;
  };
  try {
    const endpoint = keep(await startProgram<{ port: number }>(__filename, { role: 'endpoint' }, FAR.namespace));
    const worker = keep(await startWorker(endpoint.port, { host: FAR.address, namespace: FAR.namespace }));
    const client = keep(await startClient(worker.token!, NEAR.namespace));
    const order: Order = { role: 'load', plain: endpoint.port, session: client.port };
    return keep(await startProgram<Measured>(__filename, order, NEAR.namespace));
  } finally {
    for (const program of programs) program.stop();
  }
}

function print(roundTripMs: number, { throughput, firstByteMs }: Measured): void {
  for (const { direction, plain, session, ratios } of throughput) {
    const [bare, through] = [plain, session].map((rates) =>
      spread(
        rates.map((rate) => rate / 1e6),
        1,
      ),
    );
    console.log(
      `${roundTripMs} ms, ${direction}: plain ${bare} MB/s, session ${through} MB/s, ratio ${spread(ratios)}`,
    );
  }
  const trips = (samples: number[]) => (median(samples) / roundTripMs).toFixed(2);
  console.log(
    `${roundTripMs} ms, first byte: plain ${trips(firstByteMs.plain)} round trips, session ${trips(firstByteMs.session)}`,
  );
}

const ip = (...words: string[]): void => void execFileSync('ip', words);

async function openLine(oneWayMs: number): Promise<ChildProcess> {
  for (const { namespace } of [NEAR, FAR]) {
    ip('netns', 'add', namespace);
    ip('-n', namespace, 'link', 'set', 'lo', 'up');
  }
  const program = join(__dirname, 'harness', 'delay-line.py');
  const line = spawn('python3', [program, NEAR.namespace, FAR.namespace, String(oneWayMs)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(line.stdout, 'data');
  for (const { namespace, address } of [NEAR, FAR]) {
    ip('-n', namespace, 'addr', 'add', `${address}/24`, 'dev', 'tun0');
    ip('-n', namespace, 'link', 'set', 'tun0', 'mtu', String(MTU), 'txqueuelen', '10000', 'up');
  }
  return line;
}

if (process.argv[2] === 'serve') serve(start);
else void main();
