/** Ends a session through its workers, so that no API token is needed. */
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../../../lib/clock/clock';
import type { EndWord } from '../../../lib/contract/endings';
import { decodePayload, FrameType } from '../../../lib/transport/frames';
import { Close, End } from '../../../proto/gen/transport/transport';
import { ANSWER_TIMEOUT_MS } from './attempts';
import { openTransport } from './worker-dial';
import { NoWorkerReachable, problemLines, type WorkerDialer } from './worker-dialer';

/** For all workers together. */
const END_TIMEOUT_MS = 30_000;
/** Why the session is over, when the end is what was asked for or had happened before. */
const DONE_CAUSES: readonly string[] = ['fin', 'canceled', 'expired', 'session ended'] satisfies EndWord[];
/**
 * The session is over, or this worker may not serve it. It counts as over when no other worker says
 * more.
 */
const UNKNOWN_CAUSE = 'session not found' satisfies EndWord;

/** What a worker answered; no cause: nothing. */
type Answer = { text: string } & { [K in keyof Close]?: Close[K] | undefined };

const isOver = ({ cause = '', closed_by }: Answer): boolean =>
  DONE_CAUSES.includes(cause) && !isRevoked({ cause, closed_by });

/** A controller has taken the session from this worker. It may go on at others. */
const isRevoked = ({ cause, closed_by }: Pick<Answer, 'cause' | 'closed_by'>): boolean =>
  cause === 'canceled' && closed_by === 'controller';

/** Says nothing of the session. */
const isOfTheWorker = (answer: Answer): boolean =>
  answer.cause === undefined ||
  answer.cause === 'controller unreachable' ||
  answer.cause === UNKNOWN_CAUSE ||
  isRevoked(answer);

/**
 * Undefined when the session is over; else a sentence that says why it could not be ended. Never
 * rejects.
 */
export async function endSession(dialer: WorkerDialer, tofuToken: string, clock: Clock): Promise<string | undefined> {
  const timeout = new AbortController();
  const cancel = clock.after(END_TIMEOUT_MS, () => timeout.abort());
  const asked = new Set<string>();
  const problems = new Map<string, string>();
  try {
    // Each worker is asked once; dial() rejects when none is left.
    for (;;) {
      const { socket, worker } = await dialer.dial(timeout.signal, asked);
      asked.add(worker);
      const answer = await sendEnd(socket, tofuToken, clock, timeout.signal);
      if (isOver(answer)) return undefined;
      const isLast = !isOfTheWorker(answer) || !dialer.hasOther(asked);
      if (isLast && answer.cause === UNKNOWN_CAUSE && problems.size === 0) return undefined;
      problems.set(worker, answer.text);
      if (isLast) return explain(problems);
    }
  } catch (error) {
    if (!(error instanceof NoWorkerReachable)) return (error as Error).message;
    return problemLines(new Map([...problems, ...error.problems])) || error.message;
  } finally {
    cancel();
  }
}

/** A single worker needs no name. */
const explain = (problems: ReadonlyMap<string, string>): string =>
  problems.size === 1 ? [...problems.values()][0]! : problemLines(problems);

function sendEnd(socket: TLSSocket, tofuToken: string, clock: Clock, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve) => {
    const finish = (answer: Answer): void => {
      cancel();
      signal.removeEventListener('abort', late);
      resolve(answer);
      transport.destroy();
    };
    const late = (): void => finish({ text: 'the worker did not answer in time' });
    const control = (type: FrameType, payload: Buffer) => {
      if (type === FrameType.close) finish(decodePayload(Close, payload));
    };
    const closed = () => finish({ text: 'the worker closed the connection without an answer' });
    const cancel = clock.after(ANSWER_TIMEOUT_MS, late);
    const transport = openTransport(socket, { data() {}, control, drain() {}, closed }, clock);
    signal.addEventListener('abort', late);
    transport.send(FrameType.end, End.encode({ tofu_token: tofuToken }).finish());
  });
}
