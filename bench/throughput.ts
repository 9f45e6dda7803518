/**
 * Throughput, CPU per byte and connect latency: a session beside plain TCP and the bare pumps, in
 * turns, as ratios. Client and worker are processes of their own, as in use; only the controller is
 * left out. Run: npm run bench
 */
import { noArguments } from '../test/harness/selection';
import type { Program } from './harness/children';
import { firstByte, startEndpoint, transfer, type Direction } from './harness/load';
import { median, percentile, spread } from './harness/statistics';
import { startPump } from './pump';
import { startSession } from './session-program';

const SIZE_BYTES = Number(process.env.BENCH_MIB ?? 1024) * 1024 * 1024;
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 9);
const LATENCY_SAMPLES = 200;
const WARM_UP_BYTES = 256 * 1024 * 1024;
const DIRECTIONS = (process.env.BENCH_DIRECTIONS ?? 'up,down').split(',') as Direction[];

/** Something that leads to the endpoint. */
interface Carrier {
  name: string;
  port: number;
  programs: Program<object>[];
}

interface Sample {
  rate: number;
  /** Seconds per GB: client, worker. */
  cpu: number[];
}

async function main(): Promise<void> {
  noArguments();
  const { port } = await startEndpoint();
  const carriers: Carrier[] = [
    { name: 'plain TCP', port, programs: [] },
    { name: 'plain pump', ...(await startPump('plain', port)) },
    { name: 'pooled pump', ...(await startPump('pooled', port)) },
    { name: 'session', ...(await startSession(port)) },
  ].filter(({ name }) => name.includes(process.env.BENCH_CARRIERS ?? ''));
  try {
    for (const direction of DIRECTIONS) await throughput(carriers, direction);
    await latency(carriers);
  } finally {
    for (const { programs } of carriers) for (const program of programs) program.stop();
    setImmediate(() => process.exit());
  }
}

async function throughput(carriers: Carrier[], direction: Direction): Promise<void> {
  for (const carrier of carriers) await transfer(carrier.port, direction, WARM_UP_BYTES);
  const samples = new Map<string, Sample[]>(carriers.map(({ name }) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const carrier of carriers) samples.get(carrier.name)!.push(await once(carrier, direction));
  }
  const yardstick = samples.get('pooled pump');
  for (const [name, list] of samples) {
    const ratios = list.map(({ rate }, i) => rate / (yardstick?.[i]?.rate ?? NaN));
    const cpu = [0, 1].map((i) => spread(list.map((sample) => sample.cpu[i] ?? 0)));
    console.log(
      `${direction} ${name}: ${spread(list.map(({ rate }) => rate / 1e9))} GB/s, ` +
        `${spread(ratios)} of the pooled pump in the same round; CPU s/GB client ${cpu[0]} + worker ${cpu[1]}`,
    );
  }
}

async function once({ port, programs }: Carrier, direction: Direction): Promise<Sample> {
  const before = await Promise.all(programs.map((program) => program.cpuSeconds()));
  const rate = await transfer(port, direction, SIZE_BYTES);
  const after = await Promise.all(programs.map((program) => program.cpuSeconds()));
  return { rate, cpu: after.map((seconds, i) => ((seconds - before[i]!) / SIZE_BYTES) * 1e9) };
}

async function latency(carriers: Carrier[]): Promise<void> {
  for (const { name, port } of carriers) {
    const samples: number[] = [];
    for (let i = 0; i < LATENCY_SAMPLES; i++) samples.push((await firstByte(port)) * 1e3);
    console.log(
      `first byte, server speaks first, ${name}: median ${median(samples).toFixed(1)} ms, ` +
        `p95 ${percentile(samples, 0.95).toFixed(1)} ms`,
    );
  }
}

void main();
