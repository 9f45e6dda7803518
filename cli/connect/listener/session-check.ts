/** Whether a session can still be used, without using it. */
import type { TLSSocket } from 'node:tls';
import { systemClock } from '../../../lib/clock/clock';
import { decodeAuthorizationToken } from '../../../lib/transport/authorization-token';
import { decodePayload, FrameType } from '../../../lib/transport/frames';
import { Transport } from '../../../lib/transport/transport';
import { Close } from '../../../proto/gen/transport/transport';
import { NoWorkerReachable, WorkerDialer } from './worker-dialer';
import { SALLYPORT_PROTOCOL } from '../../../lib/contract/session-protocol';

/**
 * A worker that is not there is no reason to wait: the listener tries again with each connection.
 */
const CHECK_MS = 5_000;

/**
 * Why the session of the token is over; undefined while it goes on, or when no worker can tell.
 * Rejects with InvalidAuthorizationToken.
 */
export async function whyOver(token: string): Promise<string | undefined> {
  const data = decodeAuthorizationToken(token);
  const timeout = AbortSignal.timeout(CHECK_MS);
  try {
    const { socket } = await new WorkerDialer(data).dial(timeout);
    if (socket.alpnProtocol === SALLYPORT_PROTOCOL) return await askWorker(socket, timeout);
    socket.destroy();
    return undefined;
  } catch (error) {
    if (!(error instanceof NoWorkerReachable)) throw error;
    // The clock of this machine may be minutes off, so it counts only when no worker says more.
    if ((data.expiration?.getTime() ?? 0) <= Date.now()) return 'The session has expired.';
    return error.sessionIsUnknown ? 'The session has ended.' : undefined;
  }
}

function askWorker(socket: TLSSocket, timeout: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    const finish = (reason?: string): void => {
      resolve(reason);
      transport.destroy();
    };
    const control = (type: FrameType, payload: Buffer): void =>
      finish(type === FrameType.close ? decodePayload(Close, payload).text : undefined);
    const handler = { data: () => undefined, control, drain: () => undefined, closed: () => resolve(undefined) };
    const transport = new Transport(socket, handler, systemClock);
    timeout.addEventListener('abort', () => finish());
    transport.send(FrameType.check);
  });
}
