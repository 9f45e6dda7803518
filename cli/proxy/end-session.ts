/** Ends a session through its worker, so that no API token is needed. */
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../../lib/clock/clock';
import { decodePayload, FrameType } from '../../lib/transport/frames';
import { Close, End } from '../../proto/gen/transport/transport';
import { openTransport, type WorkerDialer } from './worker-dial';

/** For the transport, the request and its answer. */
const END_TIMEOUT_MS = 30_000;
/** Who closed, when the end is what was asked for or had happened before. */
const DONE_CAUSES = ['fin', 'canceled', 'expired', 'session ended', 'session not found'];

/** Undefined when the session is over; else a sentence that says why it could not be ended. Never rejects. */
export async function endSession(dialer: WorkerDialer, tofuToken: string, clock: Clock): Promise<string | undefined> {
  const timeout = new AbortController();
  const cancel = clock.after(END_TIMEOUT_MS, () => timeout.abort());
  try {
    return await sendEnd(await dialer.dial(timeout.signal), tofuToken, clock, timeout.signal);
  } catch (error) {
    return (error as Error).message;
  } finally {
    cancel();
  }
}

function sendEnd(socket: TLSSocket, tofuToken: string, clock: Clock, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    const control = (type: FrameType, payload: Buffer) => {
      if (type !== FrameType.close) return;
      const close = decodePayload(Close, payload);
      resolve(DONE_CAUSES.includes(close.cause) ? undefined : close.text);
      transport.destroy();
    };
    const closed = () => resolve('the worker closed the connection without an answer');
    const transport = openTransport(socket, { data() {}, control, drain() {}, closed }, clock);
    signal.addEventListener('abort', () => {
      resolve('the worker did not answer in time');
      transport.destroy();
    });
    transport.send(FrameType.end, End.encode({ tofu_token: tofuToken }).finish());
  });
}
