/**
 * Lets the programs of one user connect to a local listener. The superuser passes too, because
 * nothing can be kept from it. Where the system does not tell the owner of a connection, the
 * connection passes; docs/compatibility.md says where that is.
 */
import type { Socket } from 'node:net';
import { limit } from '../../../lib/limits/limit';
import { reset } from '../../../lib/transport/local-stream';
import { SocketOwners, type Owner } from './socket-owners';

const MAX_WAITING = limit('unknown local connections of the CLI', 256, {
  what: 'connections to the local port of `connect` whose user is being looked up',
  unit: 'connections',
  reached: 'further ones are reset',
  test: 'cli/connect/listener/peer-gate.test.ts: connections beyond the limit are reset',
});

export interface PeerGateOptions {
  /** Takes a connection that may pass. Nothing of it was read. */
  take(socket: Socket): void;
  /** Something a person should read. */
  warn(text: string): void;
  log(line: string): void;
  /** Default: the sockets of this machine. */
  owners?: Pick<SocketOwners, 'ownerOf'>;
}

const REMEDY = '-allow-other-users lets them use the session';

export class PeerGate {
  private readonly waiting = new Set<Socket>();
  private readonly owners: Pick<SocketOwners, 'ownerOf'>;
  private readonly mine = new Set([0, process.getuid?.(), process.geteuid?.()]);
  /** Users that were reported already. More lines would only help somebody to hide among them. */
  private readonly told = new Set<string>();
  private isClosed = false;

  constructor(private readonly options: PeerGateOptions) {
    this.owners = options.owners ?? new SocketOwners();
  }

  /** Decides later about a connection from which nothing was read. */
  offer(socket: Socket): void {
    if (this.waiting.size >= MAX_WAITING) return reset(socket);
    const drop = (): void => void socket.destroy();
    socket.on('error', drop);
    this.waiting.add(socket);
    void this.owners.ownerOf(socket).then((owner) => {
      if (!this.waiting.delete(socket)) return;
      socket.off('error', drop);
      if (socket.destroyed) return;
      this.decide(socket, owner);
    });
  }

  /** Resets what is waiting; nothing passes any more. */
  close(): void {
    this.isClosed = true;
    for (const socket of this.waiting) reset(socket);
    this.waiting.clear();
  }

  private decide(socket: Socket, owner: Owner): void {
    if (this.isClosed) return reset(socket);
    if (owner.kind === 'untold' || (owner.kind === 'user' && this.mine.has(owner.uid)))
      return this.options.take(socket);
    socket.on('error', () => undefined);
    reset(socket);
    this.refused(owner);
  }

  private refused(owner: Owner): void {
    const who = owner.kind === 'user' ? `the user with id ${owner.uid}` : 'a program that had closed it already';
    const text = `A connection to the local port by ${who} was refused; ${REMEDY}.`;
    this.options.log(text);
    // Scans for open ports connect and close at once; they are not reported.
    if (owner.kind !== 'user' || this.told.has(who)) return;
    this.told.add(who);
    this.options.warn(text);
  }
}
