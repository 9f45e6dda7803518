/**
 * A TCP relay between two processes under test: a network that can be cut or that swallows
 * everything.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { reset } from '../../lib/transport/local-stream';

export class Link {
  private state: 'whole' | 'cut' | 'frozen' = 'whole';
  private readonly pairs = new Set<[Socket, Socket]>();
  /** Connections that were ever taken. */
  accepted = 0;
  /** Bytes that were carried to where it leads. */
  carriedBytes = 0;

  private constructor(
    private readonly server: Server,
    /** The port that it leads to; what listens there may come and go. */
    public to: number,
  ) {
    server.on('connection', (socket) => this.accept(socket));
  }

  /** Listens on a free port. */
  static async open(to: number): Promise<Link> {
    const server = createServer({ allowHalfOpen: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Link(server, to);
  }

  get port(): number {
    return (this.server.address() as { port: number }).port;
  }

  /** Connections that stand. */
  get open(): number {
    return [...this.pairs].filter(([, far]) => far.readyState === 'open').length;
  }

  /** Resets what stands and refuses what comes. */
  cut(): void {
    this.state = 'cut';
    this.reset();
  }

  /** Passes nothing on, in either direction, and ends nothing. */
  freeze(): void {
    this.state = 'frozen';
    for (const pair of this.pairs) for (const socket of pair) socket.pause();
  }

  heal(): void {
    this.state = 'whole';
    for (const pair of this.pairs) for (const socket of pair) socket.resume();
  }

  async close(): Promise<void> {
    this.reset();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private reset(): void {
    for (const pair of this.pairs) for (const socket of pair) reset(socket);
  }

  private accept(near: Socket): void {
    if (this.state === 'cut') return void near.resetAndDestroy();
    this.accepted++;
    const far = connect({ port: this.to, host: '127.0.0.1', allowHalfOpen: true });
    const pair: [Socket, Socket] = [near, far];
    this.pairs.add(pair);
    near.on('data', (chunk: Buffer) => (this.carriedBytes += chunk.length));
    this.carry(near, far, pair);
    this.carry(far, near, pair);
    if (this.state === 'frozen') for (const socket of pair) socket.pause();
  }

  private carry(from: Socket, to: Socket, pair: [Socket, Socket]): void {
    from.on('data', (chunk: Buffer) => {
      if (to.write(chunk)) return;
      from.pause();
      to.once('drain', () => this.state === 'whole' && from.resume());
    });
    from.on('end', () => to.end());
    from.on('error', () => reset(to));
    from.on('close', () => {
      this.pairs.delete(pair);
      to.destroySoon();
    });
  }
}
