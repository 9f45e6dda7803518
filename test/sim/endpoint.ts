/** The service behind a target, as one connection meets it. */
import type { Process } from './process';
import { SimSocket } from './socket';

const MAX_CHUNK_BYTES = 24_000;

export type EndpointAnswer = 'accepts' | 'refuses' | 'nothing';

export class SimEndpoint {
  readonly answer: EndpointAnswer;
  readonly dialMs: number;
  received = 0;

  constructor(
    private readonly process: Process,
    answer?: EndpointAnswer,
  ) {
    const { random } = process;
    this.answer = answer ?? (random.chance(0.85) ? 'accepts' : random.chance(0.6) ? 'refuses' : 'nothing');
    this.dialMs = random.chance(0.1) ? random.between(50, 1_900) : random.between(0.2, 5);
  }

  /** The worker's end of a new TCP connection. */
  connect(worker: Process): SimSocket {
    const { random } = this.process;
    const [ours, theirs] = SimSocket.pair(this.process, worker, 1);
    const neverReads = random.chance(0.08);
    if (!neverReads) ours.on('data', (chunk: Buffer) => this.read(ours, chunk));
    ours.on('end', () => this.process.later(random.between(0, 400), '', () => void ours.end()));
    const chunks = random.below(6);
    let at = 0;
    for (let i = 0; i < chunks; i++) {
      at += random.between(0, 2_000);
      const size = 1 + random.below(MAX_CHUNK_BYTES);
      this.process.later(at, '', () => send(ours, size));
    }
    if (random.chance(0.25)) this.process.later(at + random.between(0, 4_000), 'endpoint ends', () => void ours.end());
    else if (random.chance(0.15)) this.process.later(at, 'endpoint resets', () => void ours.resetAndDestroy());
    return theirs;
  }

  private read(socket: SimSocket, chunk: Buffer): void {
    this.received += chunk.length;
    if (this.process.random.chance(0.5)) send(socket, chunk.length);
  }
}

function send(socket: SimSocket, size: number): void {
  if (!socket.destroyed && socket.writable) socket.write(Buffer.alloc(size, 'e'));
}
