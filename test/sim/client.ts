/**
 * A simulated client: one connection of a session over the real framing, with every way to end it.
 */
import { FrameType } from '../../lib/transport/frames';
import { UNPOOLED } from '../../lib/transport/slabs';
import { Transport, type TransportHandler } from '../../lib/transport/transport';
import { Connect, End } from '../../proto/gen/transport/transport';
import { SimEndpoint, type EndpointAnswer } from './endpoint';
import type { Process } from './process';
import { SimSocket } from './socket';
import { SIM_KEEPALIVE_MS, type SimWorker } from './worker';

const MAX_CHUNK_BYTES = 24_000;

export class SimClient implements TransportHandler {
  isOver = false;
  received = 0;
  /** It was told to go ahead. */
  hasStood = false;
  private transport!: Transport;
  private socket!: SimSocket;

  constructor(
    private readonly process: Process,
    private readonly session: { id: string; tofuToken: string },
    /** Tried in this order. */
    private readonly workers: (SimWorker | undefined)[],
    private readonly answer?: EndpointAnswer,
  ) {
    this.tryNext();
  }

  data(chunk: Buffer): void {
    this.received += chunk.length;
  }

  control(type: FrameType): void {
    if (type === FrameType.connectOk) this.use();
    else if (type === FrameType.connectErr) this.tryNext();
    else if (type === FrameType.close || type === FrameType.rst) this.transport.end();
  }

  drain(): void {}

  closed(): void {
    this.isOver = true;
  }

  private tryNext(): void {
    const worker = this.workers.shift();
    if (worker === undefined) return this.transport?.end();
    const { random } = this.process;
    const [ours, theirs] = SimSocket.pair(this.process, worker.process, random.between(0.2, 30));
    this.socket = ours;
    const before: Transport | undefined = this.transport;
    before?.end();
    this.transport = new Transport(ours, this, this.process.clock, SIM_KEEPALIVE_MS);
    const endpoint = new SimEndpoint(this.process, this.answer);
    worker.process.later(random.between(0, 5), `${this.process.name} reaches ${worker.process.name}`, () =>
      worker.accept(theirs, this.session.id, endpoint),
    );
    this.transport.send(FrameType.connect, Connect.encode({ tofu_token: this.session.tofuToken }).finish());
    if (random.chance(0.3)) this.send(1 + random.below(MAX_CHUNK_BYTES));
    if (this.answer === undefined && random.chance(0.05))
      this.process.later(random.between(0, 20), `${this.process.name} leaves early`, () => void ours.destroy());
  }

  /** What it does with a connection that stands. */
  private use(): void {
    this.hasStood = true;
    const { random, name } = this.process;
    const chunks = random.below(8);
    let at = 0;
    for (let i = 0; i < chunks; i++) {
      at += random.between(0, 1_500);
      const size = 1 + random.below(MAX_CHUNK_BYTES);
      this.process.later(at, '', () => this.send(size));
    }
    at += random.chance(0.4) ? random.between(0, 1_000) : random.between(0, 12_000);
    const [how, run] = random.pick(this.ends());
    this.process.later(at, `${name} ${how}`, run);
  }

  private ends(): [string, () => void][] {
    const { transport, socket } = this;
    const fin = () => transport.send(FrameType.fin);
    return [
      ['sends FIN', fin],
      ['sends FIN', fin],
      ['sends RST', () => transport.send(FrameType.rst)],
      ['drops its socket', () => void socket.resetAndDestroy()],
      ['closes its socket', () => void socket.destroy()],
      ['loses its network', () => socket.goDead()],
      ['stops reading', () => transport.pause()],
      ['stops reading and drops its socket', () => this.stall()],
      ['stays', () => undefined],
      ['ends its session', () => this.endSession()],
      ['talks nonsense', () => transport.send(FrameType.connect, Buffer.alloc(0))],
    ];
  }

  /** Bytes for it pile up at the worker, and their write fails. */
  private stall(): void {
    const { transport, socket, process } = this;
    transport.pause();
    process.later(process.random.between(500, 4_000), `${process.name} drops its socket`, () => {
      socket.resetAndDestroy();
    });
  }

  private endSession(): void {
    const token = this.session.tofuToken;
    this.transport.send(FrameType.end, End.encode({ tofu_token: token }).finish());
  }

  private send(size: number): void {
    if (!this.transport.isOver) this.transport.sendData(Buffer.alloc(size, 'c'), UNPOOLED);
  }
}
