/**
 * Peers that mean harm before authentication, all kinds at once, while a transfer runs: what they
 * may hold is capped, the transfer goes on, and honest connections get through, also when the port
 * is full.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import tls from 'node:tls';
import { startSessionProxy } from '../../cli/connect/listener/session-proxy';
import { Attacker, type Abuse, type AttackTally } from '../harness/attacker';
import { dial, echo, endpoint, readAll } from '../harness/endpoints';
import type { SessionWorkerOptions } from '../harness/session-worker';
import { waitFor } from '../harness/wait';
import { WorkerChild, type WorkerState } from '../harness/worker-child';
import { transferEndpoint } from './transfer';

export interface Attack {
  /** Sockets that each kind keeps going. */
  sockets: Record<Abuse, number>;
  addresses: number;
  /** New sockets of each kind per second, at most. */
  perSecond: number;
  /** Limits of the worker; its own when absent. */
  worker?: SessionWorkerOptions;
  /** Most that the worker may have grown, bytes. */
  maxGrowth: number;
  /** Honest connections that are made meanwhile. */
  honest: number;
}

export interface AttackReport {
  before: WorkerState;
  after: WorkerState;
  tallies: Record<string, AttackTally>;
  /** Refused sockets by reason, from /metrics. */
  refused: Record<string, number>;
  moved: number;
}

/** Reasons that must have been counted once the kinds of abuse have run for a while. */
const REASONS = ['too many handshakes', 'hello timeout', 'not tls', 'hello cut short', 'tls'];

export function refusedSockets(metrics: string): Record<string, number> {
  const found = metrics.matchAll(/refused_sockets_total\{reason="([^"]+)"\} (\d+)/g);
  return Object.fromEntries([...found].map((match) => [match[1]!, Number(match[2])]));
}

export async function underAttack(attack: Attack): Promise<AttackReport> {
  const worker = await WorkerChild.start(attack.worker ?? {});
  const [transfers, echoes] = [await transferEndpoint(), await endpoint(echo)];
  const attackers: Attacker[] = [];
  try {
    const busy = await worker.session(transfers.port);
    const honest = await worker.session(echoes.port);
    const proxies = await Promise.all([busy, honest].map(({ token }) => openProxy(token)));
    const transfer = await transfers.start(proxies[0]!.port);
    const before = await worker.state();
    const hello = await clientHello(busy.sessionId);
    const { sockets, addresses, perSecond } = attack;
    attackers.push(Attacker.start({ port: before.address.port, sockets, perSecond, addresses, hello }));
    let counts: Record<string, number> = {};
    const count = async () => (counts = refusedSockets((await worker.state()).metrics));
    const isComplete = async () => {
      const found = await count();
      return REASONS.every((reason) => (found[reason] ?? 0) > 0);
    };
    const waiting = { timeoutMs: 240_000, status: () => JSON.stringify(counts) };
    await waitFor('every reason to be counted', isComplete, waiting);
    const moved = transfer.moved();
    for (let i = 0; i < attack.honest; i++) await oneHonest(proxies[1]!.port, i);
    await waitFor('the transfer to go on', () => transfer.moved() > moved + (1 << 20), { timeoutMs: 60_000 });
    const after = await worker.state();
    const tallies = await attackers[0]!.tally();
    const whole = await transfer.finish();
    assert.ok(whole.isRight, 'the hashes of both ends differ');
    assert.ok(after.rss - before.rss < attack.maxGrowth, `the worker grew by ${after.rss - before.rss} bytes`);
    for (const proxy of proxies) await proxy.close();
    return { before, after, tallies, refused: await count(), moved: whole.up };
  } finally {
    await Promise.all(attackers.map((attacker) => attacker.stop()));
    await Promise.all([transfers.close(), echoes.close()]);
    await worker.stop();
  }
}

const openProxy = (token: string) => startSessionProxy({ token, listenAddress: '127.0.0.1', listenPort: 0 });

async function oneHonest(port: number, i: number): Promise<void> {
  const socket = await dial(port);
  socket.end(`honest ${i}`);
  assert.equal((await readAll(socket)).toString(), `honest ${i}`);
}

/** The first bytes that a TLS client sends for the session. */
export async function clientHello(sessionId: string): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = tls.connect({ port, host: '127.0.0.1', servername: sessionId, ALPNProtocols: ['sallyport/1'] });
  client.on('error', () => undefined);
  const [socket] = (await once(server, 'connection')) as [Socket];
  const [first] = (await once(socket, 'data')) as [Buffer];
  client.destroy();
  socket.destroy();
  server.close();
  return first.toString('base64');
}
