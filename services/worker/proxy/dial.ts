/** Opens the TCP connection to a session's endpoint and names what went wrong when it cannot. */
import { limit } from '../../../lib/limits/limit';
import net, { type Socket } from 'node:net';
import type { Clock } from '../../../lib/clock/clock';
import type { Cause, ClosedBy } from '../../../lib/contract/endings';
import type { LocalStream } from '../../../lib/transport/local-stream';

/** The time from the start, name resolution included, to the TCP connection. */
const DIAL_TIMEOUT_MS = limit('connecting to an endpoint', 10_000, {
  what: 'connecting to the endpoint of a session, all addresses of its name together',
  unit: 'ms',
  reached: 'the connection is refused as `dial timeout`',
  test: 'test/integration/session-transport.test.ts: an endpoint that never answers is a dial timeout',
});
/** How long one of several addresses of a name is tried before the next. */
const ATTEMPT_TIMEOUT_MS = 2_000;
const KEEPALIVE_DELAY_MS = 30_000;

export interface Dialed {
  socket: LocalStream & Pick<Socket, 'remoteAddress' | 'remotePort'>;
  latencyUs: number;
}

export interface DialFailure {
  cause: Cause;
  closedBy: ClosedBy;
  error: string;
}

export interface Dialing {
  /** Never rejects. */
  result: Promise<Dialed | DialFailure>;
  /** Ends an unfinished dial as `dial unreachable`; does nothing after it. */
  giveUp(): void;
}

export function dial(endpoint: { host: string; port: number }, clock: Clock, timeoutMs = DIAL_TIMEOUT_MS): Dialing {
  const started = process.hrtime.bigint();
  const socket = net.connect({
    ...endpoint,
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEPALIVE_DELAY_MS,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: ATTEMPT_TIMEOUT_MS,
  });
  let settle: (result: Dialed | DialFailure) => void = () => undefined;
  const result = new Promise<Dialed | DialFailure>((resolve) => (settle = resolve));
  const fail = (failure: DialFailure) => {
    cancel();
    if (socket.connecting) socket.destroy();
    settle(failure);
  };
  const cancel = clock.after(timeoutMs, () => fail(dialFailure('ETIMEDOUT')));
  // This listener stays for the life of the socket: an error without a listener would end the
  // process.
  socket.on('error', (error: NodeJS.ErrnoException) => fail(dialFailure(error.code ?? error.message)));
  socket.once('connect', () => {
    cancel();
    socket.pause();
    settle({ socket, latencyUs: Number((process.hrtime.bigint() - started) / 1000n) });
  });
  const giveUp = () => fail({ cause: 'dial unreachable', closedBy: 'worker', error: 'dial given up' });
  return { result, giveUp: () => socket.connecting && giveUp() };
}

function dialFailure(error: string): DialFailure {
  if (error === 'ECONNREFUSED') return { cause: 'dial refused', closedBy: 'endpoint', error };
  if (error === 'ETIMEDOUT') return { cause: 'dial timeout', closedBy: 'worker', error };
  if (error === 'ENOTFOUND' || error.startsWith('EAI_')) return { cause: 'name not found', closedBy: 'worker', error };
  return { cause: 'dial unreachable', closedBy: 'worker', error };
}

/** Sentence for the person at the client. */
export function dialText(failure: DialFailure, endpoint: { host: string; port: number }): string {
  const where = `${endpoint.host}:${endpoint.port}`;
  switch (failure.cause) {
    case 'dial refused':
      return `The target's endpoint ${where} refused the connection. Is the service running there?`;
    case 'dial timeout':
      return `The target's endpoint ${where} did not answer in time. Check the address and firewalls between worker and target.`;
    case 'name not found':
      return `The worker cannot resolve the name of the target's endpoint ${where} (${failure.error}).`;
    default:
      return `The worker cannot reach the target's endpoint ${where} (${failure.error}).`;
  }
}
