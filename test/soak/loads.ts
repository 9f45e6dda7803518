/** Loads that take minutes: stalled transfers, abuse before authentication, very many connections. */
import { underAttack } from '../faults/abuse';
import type { Verdict } from '../faults/outages';
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

/** With the caps of a worker in use, 4096 and 1024 of one address, but 60 s instead of 10, so that a slow machine fills them too. */
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
  const { early, late, before, after, seconds } = await stability({ short: 100_000, long: 1_000, clients: 16 });
  const note =
    `${seconds} s; RSS ${mib(early.rss)} after 10,000, ${mib(late.rss)} after 100,000; ` +
    `descriptors ${before.descriptors} before, ${late.descriptors} late, ${after.descriptors} after`;
  return { connections: 'survived', bytes: 'right', note };
}

export const LOADS: { name: string; run(): Promise<Verdict> }[] = [
  { name: '500 stalled transfers of 1 GB', run: stalled },
  { name: 'abuse before authentication', run: abuse },
  { name: '100,000 short and 1,000 long connections', run: connections },
];
