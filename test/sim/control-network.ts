/**
 * Control streams between simulated workers and controllers: gRPC calls as both ends see them, over
 * a network that delays, breaks with what is on the way, goes silent, and brings messages twice.
 * Each message is encoded and decoded as on the wire.
 */
import { EventEmitter } from 'node:events';
import { status } from '@grpc/grpc-js';
import { AttachRequest, AttachResponse } from '../../proto/gen/worker/control';
import type { AttachClient } from '../../services/worker/control/control-stream';
import type { Process } from './process';

/** What may come twice and late: more than gRPC ever does. */
const REPEATABLE = new Set([
  'authorize_connection',
  'end_session',
  'get_grant',
  'connection_stats',
  'connection_closed',
  'session_grant',
  'grants',
  'cancel_session',
  'connection_closed_ack',
]);
const MAX_REPEAT_DELAY_MS = 3_000;
/** gRPC's keepalive of both sides finds a silent peer within this time, ms. */
const KEEPALIVE_FINDS_MS = 15_000;

export interface Weather {
  /** Typical time on the way, ms. */
  latencyMs: number;
  /** Probability that a repeatable message comes a second time. */
  repeats: number;
}

/** Where a call arrives; undefined when nobody listens there. */
export type Listener = () => { process: Process; attach(call: ServerCall, workerId: string): void } | undefined;

interface Codec<T> {
  encode(message: T): { finish(): Uint8Array };
  decode(bytes: Uint8Array): T;
}

/** One direction of a stream, in order. */
class Lane<T extends { message?: { $case: string } | undefined }> {
  private arrivesAt = 0;

  constructor(
    private readonly link: Link,
    private readonly codec: Codec<T>,
    private readonly names: { from: string; to: () => Process | undefined },
  ) {}

  /** Brings a message to `take`. */
  message(value: T, take: (value: T) => void): void {
    const bytes = this.codec.encode(value).finish();
    const kind = value.message?.$case ?? 'nothing';
    const bring = () => take(this.codec.decode(bytes));
    this.bring(kind, bring);
    const { random } = this.link.from;
    if (!REPEATABLE.has(kind) || !random.chance(this.link.weather.repeats)) return;
    const delay = random.between(0, MAX_REPEAT_DELAY_MS);
    // What got lost has no copy either: a stream brings no message after a gap.
    if (this.link.isSilent) return;
    this.names.to()?.later(delay, `${this.names.from} ${kind} again`, () => {
      if (this.link.isOpen) bring();
    });
  }

  /** Something that stands in line with the messages. */
  bring(what: string, run: () => void): void {
    const { scheduler, random } = this.link.from;
    if (this.link.isSilent) return;
    const time = this.link.weather.latencyMs * random.between(0.5, random.chance(0.05) ? 40 : 2);
    this.arrivesAt = Math.max(this.arrivesAt, scheduler.now + time);
    this.names.to()?.later(this.arrivesAt - scheduler.now, `${this.names.from} ${what}`, () => {
      if (this.link.isOpen) run();
    });
  }
}

/** A stream: the worker's end, the controller's end once it has arrived, and what connects them. */
export class Link {
  isOpen = true;
  /** Messages are lost, and nobody is told for a while. */
  isSilent = false;
  /** Virtual time at which the worker heard that it may not attach; Infinity otherwise. */
  deniedAt = Infinity;
  readonly client: ClientCall;
  server: ServerCall | undefined;
  to: Process | undefined;

  constructor(
    readonly from: Process,
    readonly weather: Weather,
    listener: Listener,
    workerId: string,
  ) {
    this.client = new ClientCall(this);
    from.scheduler.at(weather.latencyMs, `${from.name} calls`, () => {
      const found = listener();
      if (!this.isOpen) return;
      if (found === undefined) return this.break(0, 0);
      this.to = found.process;
      this.server = new ServerCall(this);
      found.attach(this.server, workerId);
      this.client.opened();
    });
  }

  /** Breaks it: what is on the way is lost, and each end learns it at its own time. */
  break(clientMs: number, serverMs: number): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    const lost = Object.assign(new Error('14 UNAVAILABLE: connection lost'), { code: status.UNAVAILABLE });
    this.from.later(clientMs, `${this.from.name} loses its stream`, () => this.client.over(lost));
    this.to?.later(serverMs, `${this.to.name} loses a stream`, () => this.server?.over());
  }

  /** As dropped packets: the ends find out by their keepalives. */
  goSilent(): void {
    if (this.isSilent) return;
    this.isSilent = true;
    const { random } = this.from;
    const [a, b] = [random.between(0.3, 1), random.between(0.3, 1)].map((part) => part * KEEPALIVE_FINDS_MS);
    this.from.scheduler.at(Math.min(a!, b!), '', () => this.break(a! - Math.min(a!, b!), b! - Math.min(a!, b!)));
  }
}

/** The worker's end: as much of a gRPC call as the worker uses. */
class ClientCall extends EventEmitter {
  private readonly lane: Lane<AttachRequest>;
  private readonly early: AttachRequest[] = [];
  private isOpened = false;
  private isOver = false;

  constructor(private readonly link: Link) {
    super();
    this.on('error', () => undefined);
    this.lane = new Lane(link, AttachRequest, { from: `${link.from.name} →`, to: () => link.to });
  }

  write(request: AttachRequest): void {
    if (this.isOver) return;
    if (!this.isOpened) this.early.push(request);
    else this.lane.message(request, (value) => this.link.server?.heard(value));
  }

  opened(): void {
    this.isOpened = true;
    for (const request of this.early.splice(0)) this.write(request);
  }

  end(): void {
    this.lane.bring('end', () => this.link.server?.clientEnded());
  }

  cancel(): void {
    if (this.isOver) return;
    this.isOver = true;
    const { link } = this;
    if (!link.isSilent) {
      this.lane.bring('cancel', () => {
        link.isOpen = false;
        link.server?.over();
      });
    }
    this.emit('status', { code: status.CANCELLED, details: 'canceled' });
  }

  heard(response: AttachResponse): void {
    if (!this.isOver) this.emit('data', response);
  }

  /** The stream is over: with an error, or in order. */
  over(error?: Error & { code: status }): void {
    if (this.isOver) return;
    this.isOver = true;
    if (error?.code === status.PERMISSION_DENIED) this.link.deniedAt = this.link.from.scheduler.now;
    if (error) this.emit('error', error);
    else this.emit('end');
    this.emit('status', { code: error?.code ?? status.OK, details: '' });
  }
}

/** The controller's end. */
export class ServerCall extends EventEmitter {
  private readonly lane: Lane<AttachResponse>;
  private isOver = false;

  constructor(private readonly link: Link) {
    super();
    this.lane = new Lane(link, AttachResponse, { from: `${link.to?.name} →`, to: () => link.from });
  }

  /** Takes everything at once. */
  write(response: AttachResponse, written?: () => void): boolean {
    if (!this.isOver) this.lane.message(response, (value) => this.link.client.heard(value));
    if (written !== undefined) queueMicrotask(written);
    return true;
  }

  end(): void {
    this.finish('status OK');
  }

  /** An error that the handler emits is the status of the call, as in grpc-js. */
  override emit(event: string | symbol, ...values: unknown[]): boolean {
    if (event === 'error') {
      const { code, details } = values[0] as { code: status; details: string };
      this.finish(`status ${status[code]}`, Object.assign(new Error(`${code}: ${details}`), { code }));
      return true;
    }
    return super.emit(event, ...values);
  }

  heard(request: AttachRequest): void {
    if (!this.isOver) this.emit('data', request);
  }

  clientEnded(): void {
    if (!this.isOver) this.emit('end');
  }

  /** The connection is gone. */
  over(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.emit('cancelled');
  }

  private finish(what: string, error?: Error & { code: status }): void {
    if (this.isOver) return;
    this.isOver = true;
    this.lane.bring(what, () => {
      this.link.isOpen = false;
      this.link.client.over(error);
    });
  }
}

/** What the worker takes for its gRPC client. */
export function simulatedClient(open: () => Link): AttachClient {
  return { attach: () => open().client, close: () => undefined } as unknown as AttachClient;
}
