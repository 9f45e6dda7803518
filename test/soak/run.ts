/**
 * The long fault tests: outages of a minute, 500 stalled transfers, 10,000 idle sockets, 100,000
 * connections. Prints one line per fault: what became of connections and bytes. Run: npm run soak
 * [-- --only NAME] [--seconds N] [--list]
 */
import { parseArgs } from 'node:util';
import { OUTAGES, throughOutage, type Verdict } from '../faults/outages';
import { PARTIES } from '../faults/parties';
import { startWorld, type World } from '../faults/world';
import { LOADS } from './loads';
import { DROPPED_PACKETS, droppedPackets } from './dropped-packets';
import { choose, wholeNumber } from '../harness/selection';

interface Line {
  name: string;
  run(world: () => Promise<World>, outageMs: number): Promise<Verdict>;
}

const LINES: Line[] = [
  ...OUTAGES.map((outage) => ({
    name: outage.name,
    run: async (world: () => Promise<World>, ms: number) => throughOutage(await world(), outage, ms),
  })),
  { name: DROPPED_PACKETS, run: (_, ms) => droppedPackets(ms) },
  ...PARTIES.map((row) => ({
    name: row.name,
    run: async (world: () => Promise<World>, ms: number) => row.run(await world(), ms),
  })),
  ...LOADS,
];

const cells = [44, 10, 7, 6];
const print = (...texts: string[]): void =>
  console.log(texts.map((text, i) => (i < cells.length ? text.padEnd(cells[i]!) : text)).join(' '));

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { only: { type: 'string' }, seconds: { type: 'string', default: '60' }, list: { type: 'boolean' } },
  });
  const lines = choose(LINES, values.only, { what: 'fault or load', labels: ({ name }) => [name] });
  const outageMs = wholeNumber('seconds', values.seconds, 1) * 1_000;
  if (values.list) {
    for (const { name } of lines) console.log(name);
    return 0;
  }
  let world: Promise<World> | undefined;
  let failed = 0;
  print('fault', 'sessions', 'bytes', 's', 'remark');
  for (const { name, run } of lines) {
    const began = Date.now();
    const seconds = (): string => String(Math.round((Date.now() - began) / 1_000));
    try {
      const verdict = await run(() => (world ??= startWorld()), outageMs);
      print(name, verdict.connections, verdict.bytes, seconds(), verdict.note);
    } catch (error) {
      failed++;
      print(name, 'FAILED', '', seconds(), (error as Error).message.split('\n')[0]!);
      console.error(error);
      // What a fault has left behind must not spoil the next one.
      await (await world)?.stop();
      world = undefined;
    }
  }
  await (await world)?.stop();
  console.log(`${lines.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
