/**
 * One control stream to one controller: Hello → Welcome → attached → ended. Answers are matched
 * with their requests by id. Everything else goes to the owner. `ended` is called once, and open
 * requests then fail.
 */
import type { ClientDuplexStream, ServiceError } from '@grpc/grpc-js';
import type { Clock } from '../../../lib/clock/clock';
import type { AttachRequest, AttachResponse, Hello, Welcome } from '../../../proto/gen/worker/control';
import type { ControlServiceClient } from '../../../proto/gen/worker/control_service';
import { ControllerUnreachable } from '../sessions/types';

export type Outgoing = NonNullable<AttachRequest['message']>;
export type Incoming = NonNullable<AttachResponse['message']>;

/** From Hello to Welcome. */
const WELCOME_TIMEOUT_MS = 10_000;
/** For the answer to one request. */
const REQUEST_TIMEOUT_MS = 10_000;
/** Silent periods between heartbeats after which the stream counts as dead. */
const MISSED_HEARTBEATS = 3;
const DEFAULT_HEARTBEAT_S = 5;

/** The part of a client of the control service that one stream uses. */
export type AttachClient = Pick<ControlServiceClient, 'attach' | 'close'>;

export interface StreamHandler {
  welcome(welcome: Welcome): void;
  /** Every message but Welcome, heartbeats and answers. */
  message(message: Incoming): void;
  ended(error: Error & { code?: number }): void;
}

interface PendingRequest {
  resolve(answer: Incoming): void;
  reject(error: Error): void;
}

export class ControlStream {
  private readonly call: ClientDuplexStream<AttachRequest, AttachResponse>;
  private readonly requests = new Map<bigint, PendingRequest>();
  private readonly timers: (() => void)[] = [];
  private nextRequest = 1n;
  private lastHeard: number;
  private isEnded = false;
  isAttached = false;
  /** The stream takes no more at the moment: messages that can be left out should not be sent. */
  isBlocked = false;

  constructor(
    private readonly client: AttachClient,
    hello: Hello,
    private readonly clock: Clock,
    private readonly handler: StreamHandler,
  ) {
    this.lastHeard = clock.now().getTime();
    this.call = client.attach();
    this.call.on('data', (response: AttachResponse) => this.receive(response.message));
    this.call.on('drain', () => (this.isBlocked = false));
    this.call.on('error', (error: ServiceError) => this.end(error));
    this.call.on('end', () => this.end(new Error('the controller ended the stream')));
    this.timers.push(clock.after(WELCOME_TIMEOUT_MS, () => this.expectWelcome()));
    this.send({ $case: 'hello', value: hello });
  }

  send(message: Outgoing): void {
    if (!this.isEnded && this.call.write({ message }) === false) this.isBlocked = true;
  }

  /**
   * Sends a request and answers the result with the same id. Rejects with
   * {@link ControllerUnreachable}.
   */
  request(make: (requestId: bigint) => Outgoing): Promise<Incoming> {
    const id = this.nextRequest++;
    return new Promise((resolve, reject) => {
      const cancel = this.clock.after(REQUEST_TIMEOUT_MS, () => {
        this.requests.delete(id);
        reject(new ControllerUnreachable('no answer in time', true));
      });
      const settle = <T>(finish: (value: T) => void) => {
        return (value: T) => {
          cancel();
          finish(value);
        };
      };
      this.requests.set(id, { resolve: settle(resolve), reject: settle(reject) });
      this.send(make(id));
    });
  }

  /** Ends the stream in order; what was sent before still arrives. */
  async close(): Promise<void> {
    if (!this.isAttached) return this.end(new Error('closed'));
    const ended = new Promise<void>((resolve) => this.call.once('status', () => resolve()));
    const cancel = this.clock.after(1_000, () => this.call.cancel());
    this.call.end();
    await ended;
    cancel();
    this.end(new Error('closed'));
  }

  end(error: Error): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.isAttached = false;
    for (const cancel of this.timers) cancel();
    for (const request of this.requests.values()) request.reject(new ControllerUnreachable('the stream broke', true));
    this.requests.clear();
    this.call.on('error', () => undefined);
    this.call.cancel();
    this.client.close();
    this.handler.ended(error);
  }

  private expectWelcome(): void {
    if (!this.isAttached) this.end(new Error('the controller did not answer Hello in time'));
  }

  private receive(message: AttachResponse['message']): void {
    this.lastHeard = this.clock.now().getTime();
    if (this.isEnded) return;
    if (!message) return;
    switch (message.$case) {
      case 'heartbeat':
        return;
      case 'welcome':
        return this.attach(message.value);
      case 'authorize_connection':
      case 'end_session':
      case 'get_grant':
      case 'renew_certificate':
        this.requests.get(message.value.request_id)?.resolve(message);
        this.requests.delete(message.value.request_id);
        return;
      default:
        this.handler.message(message);
    }
  }

  private attach(welcome: Welcome): void {
    this.isAttached = true;
    const everyMs = (welcome.heartbeat_seconds || DEFAULT_HEARTBEAT_S) * 1_000;
    this.timers.push(
      this.clock.every(everyMs, () => {
        this.send({ $case: 'heartbeat', value: {} });
        const silentMs = this.clock.now().getTime() - this.lastHeard;
        if (silentMs > MISSED_HEARTBEATS * everyMs) this.end(new Error(`the controller was silent for ${silentMs} ms`));
      }),
    );
    this.handler.welcome(welcome);
  }
}
