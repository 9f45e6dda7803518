/**
 * TCP between simulated processes: ordered bytes that take time, FIN per direction, RST, a window
 * that fills up, and a link that may go dead without a word.
 */
import { Duplex } from 'node:stream';
import type { Process } from './process';

/** Bytes that may be on the way before the sender has to wait; of each connection one of these. */
const WINDOWS_BYTES = [4 * 1024, 16 * 1024, 64 * 1024];

export class SimSocket extends Duplex {
  readonly remoteAddress = '10.0.0.9';
  readonly remotePort = 40_000;
  /** Sees what the kernel has taken from this end. */
  onAccepted: (chunk: Buffer) => void = () => undefined;
  private peer!: SimSocket;
  private onTheWay = 0;
  private arrivesAt = 0;
  /** The write that the kernel has not taken yet. */
  private waiting: { chunk: Buffer; taken: (error?: Error | null) => void } | undefined;
  private readonly inbox: (Buffer | null)[] = [];
  private wantsMore = false;
  private isReset = false;
  /** Neither side hears of the other any more. */
  private isDead = false;

  constructor(
    private readonly process: Process,
    private readonly latencyMs: number,
    private readonly windowBytes: number,
  ) {
    super({ readableHighWaterMark: 16 * 1024, writableHighWaterMark: 16 * 1024 });
    this.on('error', () => undefined);
  }

  /** Both ends of a new connection. */
  static pair(a: Process, b: Process, latencyMs: number): [SimSocket, SimSocket] {
    const window = a.random.pick(WINDOWS_BYTES);
    const ends: [SimSocket, SimSocket] = [new SimSocket(a, latencyMs, window), new SimSocket(b, latencyMs, window)];
    ends[0].peer = ends[1];
    ends[1].peer = ends[0];
    return ends;
  }

  /** Cable pulled: what is sent from now on is lost, and nobody is told. */
  goDead(): void {
    this.isDead = true;
    this.peer.isDead = true;
  }

  /** Ends it as the system ends the sockets of a killed process. */
  dieWithProcess(): void {
    this.toPeer('reset', () => this.peer.reset());
    this.destroy();
  }

  /** As net.Socket: RST instead of FIN. */
  resetAndDestroy(): this {
    this.isReset = true;
    return this.destroy();
  }

  // The one turn that cork() waits for is no time here, and each write shall be seen.
  override cork(): void {}
  override uncork(): void {}

  override _read(): void {
    this.wantsMore = true;
    this.handOn();
  }

  override _write(chunk: Buffer, _: string, taken: (error?: Error | null) => void): void {
    if (this.onTheWay >= this.windowBytes) {
      this.waiting = { chunk, taken };
      return;
    }
    this.accept(chunk, taken);
  }

  override _final(done: () => void): void {
    this.toPeer('fin', () => this.peer.arrive(null));
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    // As the system does: a write that it had not taken fails.
    this.waiting?.taken(Object.assign(new Error('write ECANCELED'), { code: 'ECANCELED' }));
    this.waiting = undefined;
    const isClean = this.writableFinished && this.readableEnded;
    if (this.isReset || this.inbox.length > 0) this.toPeer('reset', () => this.peer.reset());
    else if (!isClean && !this.writableFinished) this.toPeer('fin', () => this.peer.arrive(null));
    done(error);
  }

  private accept(chunk: Buffer, taken: () => void): void {
    this.onTheWay += chunk.length;
    this.onAccepted(chunk);
    this.toPeer('', () => this.peer.arrive(chunk));
    taken();
  }

  private arrive(chunk: Buffer | null): void {
    if (this.destroyed) {
      // Nobody reads here any more: the answer is a reset.
      if (chunk !== null) this.toPeer('reset', () => this.peer.reset());
      return;
    }
    this.inbox.push(chunk);
    this.handOn();
  }

  private handOn(): void {
    while (this.wantsMore && this.inbox.length > 0) {
      const chunk = this.inbox.shift()!;
      if (chunk !== null) this.peer.release(chunk.length);
      this.wantsMore = this.push(chunk);
    }
  }

  private release(length: number): void {
    this.onTheWay -= length;
    if (this.onTheWay >= this.windowBytes) return;
    const { waiting } = this;
    this.waiting = undefined;
    if (waiting !== undefined) this.accept(waiting.chunk, waiting.taken);
  }

  private reset(): void {
    this.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
  }

  /** In order, and each in its own time; only ends are worth a line of the trace. */
  private toPeer(what: string, run: () => void): void {
    if (this.isDead) return;
    const { scheduler, random } = this.process;
    this.arrivesAt = Math.max(this.arrivesAt, scheduler.now + this.latencyMs * random.between(0.5, 1.5));
    const name = what === '' ? '' : `${this.process.name} sends ${what} to ${this.peer.process.name}`;
    this.peer.process.later(this.arrivesAt - scheduler.now, name, () => {
      if (!this.isDead) run();
    });
  }
}
