import { underAttack } from './abuse';

const MIB = 1 << 20;

test('slow-loris, half-open handshakes, garbage, oversized hellos, port scans, idle sockets, while a transfer runs', async () => {
  const report = await underAttack({
    sockets: { idle: 300, 'slow-loris': 10, 'half-open': 10, garbage: 5, oversized: 5, 'port scan': 5 },
    addresses: 4,
    perSecond: 400,
    worker: { maxUnfinished: 60, maxUnfinishedPerAddress: 20, handshakeDeadlineMs: 2_000 },
    maxGrowth: 128 * MIB,
    honest: 20,
  });
  // What is capped, and sockets that are just being closed or told why they are refused.
  expect(report.after.descriptors - report.before.descriptors).toBeLessThanOrEqual(60 + 50);
  expect(report.after.authorized).toBe(21);
}, 120_000);
