/**
 * Loads that take minutes: stalled transfers, abuse before authentication, very many connections,
 * very many resets.
 */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../services/dev/embedded-postgres';
import { temporaryDirectory } from '../../services/dev/temporary';
import { underAttack } from '../faults/abuse';
import type { Verdict } from '../faults/outages';
import { asNodeTells, leave, type How, type Side } from '../faults/resets';
import { stability } from '../faults/stability';
import { assertBounded, grownBy, stallTransfers } from '../faults/stalled';

const MIB = 1 << 20;
const mib = (bytes: number): string => `${Math.round(bytes / MIB)} MiB`;

async function stalled(): Promise<Verdict> {
  const report = await stallTransfers(500);
  assertBounded(report);
  const note = `RSS ${mib(report.before.rss)} + ${mib(grownBy(report, 'rss'))}, external + ${mib(grownBy(report, 'external'))}`;
  return { connections: 'survived', bytes: '-', note };
}

/**
 * With the caps of a worker in use, 4096 and 1024 of one address, but 60 s instead of 10, so that a
 * slow machine fills them too.
 */
async function abuse(): Promise<Verdict> {
  const report = await underAttack({
    sockets: { idle: 10_000, 'slow-loris': 400, 'half-open': 400, garbage: 50, oversized: 50, 'port scan': 50 },
    addresses: 2,
    perSecond: 1_000,
    worker: { handshakeDeadlineMs: 60_000 },
    maxGrowth: 256 * MIB,
    honest: 100,
  });
  const refused = Object.entries(report.refused).map(([reason, count]) => `${reason} ${count}`);
  const held = report.after.descriptors - report.before.descriptors;
  const grown = mib(report.after.rss - report.before.rss);
  const note = `100 of 100 honest served, ${held} descriptors held, RSS + ${grown}; ${refused.join(', ')}`;
  return { connections: 'survived', bytes: 'right', note };
}

async function connections(): Promise<Verdict> {
  const directory = temporaryDirectory('sallyport-stability');
  const server = await startEmbeddedPostgres({ dataDir: join(directory, 'pg'), port: 0, durable: true });
  const url = `postgres://postgres@127.0.0.1:${server.port}/postgres`;
  try {
    const database = { url, drop: () => Promise.resolve() };
    const { before, tenths, after, seconds } = await stability({ short: 100_000, long: 1_000, clients: 16, database });
    const parts = (['worker', 'controller'] as const).map((part) => {
      const rss = tenths.map((moment) => Math.round(moment[part].rss / MIB));
      const descriptors = [before, tenths.at(-1)!, after].map((moment) => moment[part].descriptors);
      return `${part}: RSS ${rss.join(' ')} MiB at each tenth, descriptors ${descriptors.join(' ')} before, late, after`;
    });
    return { connections: 'survived', bytes: 'right', note: `${seconds} s; ${parts.join('; ')}` };
  } finally {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Of each kind, at each end. */
const RESETS = 400;

/** Beside the records: how many of the same resets Node itself calls an end. */
async function resets(): Promise<Verdict> {
  const notes: string[] = [];
  for (const how of ['reset', 'late reset', 'end'] as const satisfies How[]) {
    for (const side of ['client', 'endpoint'] as const satisfies Side[]) {
      const { closed, seen } = await leave(side, how, RESETS);
      const cause = how === 'end' ? 'fin' : 'rst';
      const wrong = closed.filter((row) => row.cause !== cause || row.closedBy !== side);
      assert.equal(wrong.length, 0, `${how} of the ${side} on record as ${wrong[0]?.cause} by ${wrong[0]?.closedBy}`);
      assert.deepEqual([...new Set(seen)], [how === 'end' ? 'fin' : 'ECONNRESET'], `${how} of the ${side}, as seen`);
    }
    const { end = 0 } = await asNodeTells(how, RESETS);
    notes.push(`${how}: ${2 * RESETS} of ${2 * RESETS} right, an end for Node ${end} of ${RESETS}`);
  }
  return { connections: 'lost', bytes: '-', note: notes.join('; ') };
}

export const LOADS: { name: string; run(): Promise<Verdict> }[] = [
  { name: '500 stalled transfers of 1 GB', run: stalled },
  { name: 'abuse before authentication', run: abuse },
  { name: '100,000 short and 1,000 long connections', run: connections },
  { name: 'resets and ends with bytes under way', run: resets },
];
