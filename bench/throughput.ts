/**
 * Throughput, CPU per byte and connect latency: a session beside plain TCP, the bare pumps and
 * tunnels of others, in turns, as ratios. Client and worker are processes of their own, as in use;
 * only the controller is left out. Run: npm run bench throughput
 */
import { noArguments } from '../test/harness/selection';
import type { Program } from './harness/children';
import { firstByte, startEndpoint, transfer, type Direction } from './harness/load';
import { startPeers } from './harness/peers';
import { writeResults } from './harness/results';
import { median, percentile, spread } from './harness/statistics';
import { startPump } from './pump';
import { startSession } from './session-program';

const SIZE_BYTES = Number(process.env.BENCH_MIB ?? 1024) * 1024 * 1024;
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 9);
const STREAMS = (process.env.BENCH_STREAMS ?? '1').split(',').map(Number);
const LATENCY_SAMPLES = 200;
const WARM_UP_BYTES = 256 * 1024 * 1024;
const DIRECTIONS = (process.env.BENCH_DIRECTIONS ?? 'up,down').split(',') as Direction[];
const WANTED = new RegExp(process.env.BENCH_CARRIERS ?? '');
/** What the others are measured against. */
const YARDSTICK = 'pooled pump';

/** Something that leads to the endpoint. */
interface Carrier {
  name: string;
  port: number;
  programs: Program<object>[];
}

interface Sample {
  /** Bytes per second. */
  rate: number;
  /** Seconds per GB: the end at the client, the end at the worker. */
  cpu: number[];
}

interface Figures {
  direction: Direction;
  streams: number;
  carrier: string;
  samples: Sample[];
  /** Rate as a part of the yardstick's in the same round. */
  ratios: number[];
}

async function main(): Promise<void> {
  noArguments();
  const { port } = await startEndpoint();
  const peers = await startPeers(port);
  const carriers: Carrier[] = [
    { name: 'plain TCP', port, programs: [] },
    { name: 'plain pump', ...(await startPump('plain', port)) },
    { name: YARDSTICK, ...(await startPump('pooled', port)) },
    { name: 'session', ...(await startSession(port)) },
    ...peers,
  ];
  try {
    const chosen = carriers.filter(({ name }) => WANTED.test(name));
    const throughput: Figures[] = [];
    for (const streams of STREAMS) {
      for (const direction of DIRECTIONS) throughput.push(...(await measure(chosen, direction, streams)));
    }
    const path = writeResults('throughput', { sizeBytes: SIZE_BYTES, throughput, firstByte: await latency(chosen) });
    console.log(`written: ${path}`);
  } finally {
    for (const { programs } of carriers) for (const program of programs) program.stop();
    for (const peer of peers) peer.stop();
    setImmediate(() => process.exit());
  }
}

async function measure(carriers: Carrier[], direction: Direction, streams: number): Promise<Figures[]> {
  for (const carrier of carriers) await transfer(carrier.port, direction, WARM_UP_BYTES);
  const samples = new Map<string, Sample[]>(carriers.map(({ name }) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const carrier of carriers) samples.get(carrier.name)!.push(await once(carrier, direction, streams));
  }
  const yardstick = samples.get(YARDSTICK);
  return [...samples].map(([carrier, list]) => {
    const ratios = yardstick ? list.map(({ rate }, i) => rate / yardstick[i]!.rate) : [];
    print({ direction, streams, carrier, samples: list, ratios });
    return { direction, streams, carrier, samples: list, ratios };
  });
}

function print({ direction, streams, carrier, samples, ratios }: Figures): void {
  const cpu = [0, 1].map((i) => spread(samples.map((sample) => sample.cpu[i] ?? 0)));
  const ratio = ratios.length > 0 ? `, ${spread(ratios)} of the ${YARDSTICK} in the same round` : '';
  console.log(
    `${direction}, ${streams} streams, ${carrier}: ${spread(samples.map(({ rate }) => rate / 1e9))} GB/s${ratio}; ` +
      `CPU s/GB client ${cpu[0]} + worker ${cpu[1]}`,
  );
}

async function once({ port, programs }: Carrier, direction: Direction, streams: number): Promise<Sample> {
  const before = await Promise.all(programs.map((program) => program.cpuSeconds()));
  const each = SIZE_BYTES / streams;
  const rates = await Promise.all(Array.from({ length: streams }, () => transfer(port, direction, each)));
  const after = await Promise.all(programs.map((program) => program.cpuSeconds()));
  const rate = SIZE_BYTES / Math.max(...rates.map((one) => each / one));
  return { rate, cpu: after.map((seconds, i) => ((seconds - before[i]!) / SIZE_BYTES) * 1e9) };
}

/** Milliseconds from connecting to the first byte of a server that speaks first. */
async function latency(carriers: Carrier[]): Promise<object[]> {
  const all: object[] = [];
  for (const { name, port } of carriers) {
    const samples: number[] = [];
    for (let i = 0; i < LATENCY_SAMPLES; i++) samples.push((await firstByte(port)) * 1e3);
    const [middle, late] = [median(samples), percentile(samples, 0.95)];
    console.log(`first byte, ${name}: median ${middle.toFixed(1)} ms, p95 ${late.toFixed(1)} ms`);
    all.push({ carrier: name, medianMs: middle, p95Ms: late });
  }
  return all;
}

void main();
