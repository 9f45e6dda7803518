/**
 * Open connections of a listener, and how they end. How many there may be is for the listener to
 * say.
 */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { listenOn } from '../../../lib/limits/listen';
import type { ListenAddress } from '../config';

interface AcceptorOptions {
  address: ListenAddress;
  /** Counts refused connections by reason. */
  refused: (reason: string) => void;
  onConnection(socket: Socket): void;
}

/** Accepts TCP connections and keeps track of them. */
export class Acceptor {
  private readonly sockets = new Set<Socket>();
  private readonly server: Server;

  constructor(private readonly options: AcceptorOptions) {
    this.server = createServer({ noDelay: true, keepAlive: true }, (socket) => this.accept(socket));
  }

  /** Rejects when the address cannot be bound, with Node's error (`EADDRINUSE`, ...). */
  async listen(): Promise<ListenAddress> {
    await listenOn(this.server, this.options.address);
    const bound = this.server.address() as AddressInfo;
    return { host: bound.address, port: bound.port };
  }

  /** Takes no more connections. Open ones go on. */
  stopAccepting(): void {
    this.server.close();
  }

  /** Cuts what is still open. */
  destroyAll(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** Resolves when the last connection has ended; call after {@link stopAccepting}. */
  async ended(): Promise<void> {
    await Promise.all([...this.sockets].map((s) => new Promise<void>((resolve) => s.once('close', () => resolve()))));
  }

  /** Closes a connection for a reason that is counted. */
  refuse(socket: Socket, reason: string): void {
    this.options.refused(reason);
    socket.destroy();
  }

  private accept(socket: Socket): void {
    // Resets and broken pipes are the peer's business; without a listener they would end the
    // process.
    socket.on('error', () => {});
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    this.options.onConnection(socket);
  }
}
