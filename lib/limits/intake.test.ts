import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { CHUNK_OVERHEAD_BYTES, Intake } from './intake';
import { PortShares, REQUEST_BASE_BYTES, type Held } from './port-shares';

const LIMITS = {
  ...{ anonymousConnections: 10, connectionsPerAddress: 10, knownConnections: 10, connectionsPerHolder: 10 },
  ...{ anonymousBytes: 1_000_000, bytesPerAddress: 100_000, knownBytes: 1_000_000, bytesPerHolder: 500_000 },
};

/** A request of a peer that exists as far as counts need it. */
function request(): { shares: PortShares; held: Held } {
  const shares = new PortShares({ port: 'test', limits: () => LIMITS, refused: () => undefined });
  const socket = Object.assign(new EventEmitter(), { remoteAddress: '192.0.2.1', destroy: () => undefined });
  return { shares, held: shares.admit(socket as unknown as Socket)!.open({ drop: () => undefined }) as Held };
}

test('a chunk costs its bytes and what stands for it', () => {
  const { shares, held } = request();
  const intake = new Intake(held, { strangersMax: () => 1_000 });
  for (let i = 0; i < 3; i++) expect(intake.take(10)).toBe('taken');
  expect(shares.held.strangersBytes).toBe(REQUEST_BASE_BYTES + 3 * (10 + CHUNK_OVERHEAD_BYTES));
  intake.restart();
  expect(shares.held.strangersBytes).toBe(REQUEST_BASE_BYTES);
});

test('a stranger has little, whoever is vouched for more, and all have a share', async () => {
  const { shares, held } = request();
  expect(new Intake(held, { strangersMax: () => 1_000 }).take(1_001)).toBe('stranger');
  let looks = 0;
  const nobody = new Intake(held, { strangersMax: () => 1_000, vouch: () => Promise.resolve(undefined) });
  expect(await nobody.take(1_001)).toBe('stranger');
  const user = new Intake(held, { strangersMax: () => 1_000, vouch: () => Promise.resolve(`u_${++looks}`) });
  expect([await user.take(1_001), await user.take(200_000), looks]).toEqual(['taken', 'taken', 1]);
  expect([shares.held.strangersBytes, shares.held.strangers]).toEqual([0, 0]);
  expect(user.take(400_000)).toBe('no room');
});
