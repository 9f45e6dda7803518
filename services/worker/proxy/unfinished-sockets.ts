/**
 * Sockets in the handshake, capped overall and per address. Where a cap is reached the oldest makes room: of the same
 * address, or of the address that has the most. Peers that hold sockets open push out their own, and an honest
 * handshake, which lasts for moments, gets through.
 */
import type { Socket } from 'node:net';

export interface UnfinishedLimits {
  /** Of all addresses. */
  max: number;
  maxPerAddress: number;
}

export class UnfinishedSockets {
  /** In the order in which they came. */
  private readonly byAddress = new Map<string, Set<Socket>>();
  private total = 0;

  constructor(
    private readonly limits: UnfinishedLimits,
    private readonly dropped: () => void,
  ) {}

  get size(): number {
    return this.total;
  }

  /** Counts a socket until it closes or the returned function is called. */
  add(socket: Socket): () => void {
    const address = socket.remoteAddress ?? '';
    if ((this.byAddress.get(address)?.size ?? 0) >= this.limits.maxPerAddress) this.dropOldest(address);
    else if (this.total >= this.limits.max) this.dropOldest(this.heaviest());
    const own = this.byAddress.get(address) ?? new Set();
    this.byAddress.set(address, own.add(socket));
    this.total++;
    const done = () => this.remove(address, socket);
    socket.once('close', done);
    return done;
  }

  private remove(address: string, socket: Socket): void {
    const own = this.byAddress.get(address);
    if (!own?.delete(socket)) return;
    this.total--;
    if (own.size === 0) this.byAddress.delete(address);
  }

  private dropOldest(address: string): void {
    for (const socket of this.byAddress.get(address) ?? []) {
      this.remove(address, socket);
      this.dropped();
      socket.destroy();
      return;
    }
  }

  private heaviest(): string {
    let found = '';
    let most = 0;
    for (const [address, { size }] of this.byAddress) {
      if (size > most) [found, most] = [address, size];
    }
    return found;
  }
}
