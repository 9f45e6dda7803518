/**
 * The messages to one worker. Its stream takes one message after the other, each when the one
 * before is sent. Answers go first; news of sessions waits here. Grants that wait are sent
 * together. When too many wait, further grants are left out, because the worker asks when a client
 * comes with such a session. A worker that reads so slowly that too much else waits loses its
 * stream, and is told everything again on the next one.
 */
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { limit } from '../../../lib/limits/limit';
import { AttachResponse, type AttachRequest, type SessionGrant } from '../../../proto/gen/worker/control';

export type Push = NonNullable<AttachResponse['message']>;

export const MAX_WAITING = limit('messages to a worker', 10_000, {
  what: 'messages to one worker that wait because it does not read, or because it is being told its sessions',
  unit: 'messages',
  reached: 'the stream ends with RESOURCE_EXHAUSTED; the worker attaches anew and is told everything',
  test: 'services/controller/control/outbox.test.ts: a worker that does not read loses its stream',
});
export const MAX_GRANTS_WAITING = limit('grants to a worker that wait', 5_000, {
  what: 'messages that wait when the grant of one more session is to be told',
  unit: 'messages',
  reached: 'the worker is not told of it, and asks when a client comes',
  test: 'services/controller/control/outbox.test.ts: grants that find too much waiting are left out',
});
/** Grants of one message, and their size. */
const MERGED = 500;
export const PIECE_BYTES = limit('grants of a message', 1_048_576, {
  what: 'size of the grants in one message to a worker',
  unit: 'bytes',
  reached: 'the rest follows in further messages',
  test: 'services/controller/control/outbox.test.ts: pieces are cut by size',
});

/** A message with its encoded size, which is worked out once. */
interface Waiting {
  message: Push;
  bytes: number;
}

type Call = Pick<ServerDuplexStream<AttachRequest, AttachResponse>, 'write' | 'on'>;

export class Outbox {
  /** The worker takes many grants in one message. */
  takesPieces = false;
  private readonly answers: Waiting[] = [];
  private readonly pushes: Waiting[] = [];
  /** Bytes of the messages that wait here and of those that the stream has not sent yet. */
  private bytes = 0;
  /** The stream takes no more until it drains. */
  private isBlocked = false;
  /** News of sessions is not sent yet. */
  private isTelling = false;
  private isEnded = false;
  private readonly whenDrained: (() => void)[] = [];

  /** `tooMuch` is called when more waits than may, in messages or in bytes. */
  constructor(
    private readonly call: Call,
    private readonly tooMuch: () => void,
    private readonly maxBytes: () => number = () => Infinity,
  ) {
    call.on('drain', () => {
      this.isBlocked = false;
      this.flush();
    });
  }

  get length(): number {
    return this.answers.length + this.pushes.length;
  }

  /** An answer to the worker, or what it must hear in time. */
  answer(message: Push): void {
    this.add(this.answers, [message]);
  }

  /** News of sessions, in order. */
  push(...messages: readonly Push[]): void {
    this.add(
      this.pushes,
      messages.filter((message, at) => !mayBeLeftOut(message, this.pushes.length + at)),
    );
  }

  /** Resolves when all news is on its way, or the stream is over. */
  drained(): Promise<void> {
    if (this.isEnded || (this.pushes.length === 0 && !this.isTelling)) return Promise.resolve();
    return new Promise((resolve) => this.whenDrained.push(resolve));
  }

  /** Takes nothing more, and forgets what waits. */
  end(): void {
    this.isEnded = true;
    this.answers.length = 0;
    this.pushes.length = 0;
    this.resolveDrained();
  }

  private add(to: Waiting[], messages: readonly Push[]): void {
    if (this.isEnded) return;
    for (const message of messages) {
      const bytes = AttachResponse.encode({ message }).finish().length;
      to.push({ message, bytes });
      this.bytes += bytes;
    }
    this.flush();
    if (this.length > MAX_WAITING || this.bytes > this.maxBytes()) this.tooMuch();
  }

  private flush(): void {
    while (!this.isBlocked && this.answers.length > 0) this.write(this.answers.shift()!);
    if (this.isBlocked || this.isTelling || this.isEnded) return;
    const next = this.nextPush();
    if (next === undefined) return this.resolveDrained();
    this.isTelling = true;
    this.write(next, () => {
      this.isTelling = false;
      this.flush();
    });
  }

  private write({ message, bytes }: Waiting, written?: () => void): void {
    const sent = (): void => {
      this.bytes -= bytes;
      written?.();
    };
    if (this.call.write({ message }, sent) === false) this.isBlocked = true;
  }

  private nextPush(): Waiting | undefined {
    if (!this.takesPieces) return this.pushes.shift();
    const grants: SessionGrant[] = [];
    let bytes = 0;
    for (const next of this.pushes) {
      if (next.message.$case !== 'session_grant' || grants.length === MERGED) break;
      if (bytes + next.bytes > PIECE_BYTES) break;
      bytes += next.bytes;
      grants.push(next.message.value);
    }
    if (grants.length < 2) return this.pushes.shift();
    this.pushes.splice(0, grants.length);
    return { message: { $case: 'grants', value: { grants } }, bytes };
  }

  private resolveDrained(): void {
    for (const resolve of this.whenDrained.splice(0)) resolve();
  }
}

/** A grant may be left out: a worker asks for a session that it was not told of. */
export const mayBeLeftOut = (message: Push, waiting: number): boolean =>
  message.$case === 'session_grant' && waiting >= MAX_GRANTS_WAITING;
