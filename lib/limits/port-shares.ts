/**
 * Limits who may hold how much at one port: connections, and bytes of requests and answers. Peers
 * that have not proven who they are share one room, by address. Peers that have share another one,
 * by account. So strangers cannot take the room of known peers, and no account that of another.
 */
import type { Socket } from 'node:net';
import { localCounters, type Counters } from './counters';
import { FairRoom, type Lack, type Place } from './fair-room';
import { networkOf, plainAddress } from './network';

export interface PortLimits {
  anonymousConnections: number;
  connectionsPerAddress: number;
  /** Of peers that have proven who they are. */
  knownConnections: number;
  connectionsPerHolder: number;
  anonymousBytes: number;
  bytesPerAddress: number;
  knownBytes: number;
  bytesPerHolder: number;
}

export interface PortSharesOptions {
  /** Names the port in counts. */
  port: string;
  limits: () => PortLimits;
  /** Default: counts of this process alone. */
  counters?: Counters;
  /**
   * Whether an address is that of a proxy, which stands for many: the share of one address does not
   * bind it.
   */
  isProxy?: ((address: string) => boolean) | undefined;
  /**
   * Requests last as long as their connection, so the newest connection replaces the oldest one of
   * its holder.
   */
  isStanding?: boolean;
  /** Called for each connection or request that is refused or cut, with the reason. */
  refused: (reason: string) => void;
}

/** What every open request counts at least: its headers, of at most this size, and its objects. */
export const REQUEST_BASE_BYTES = 16_384;

const CONNECTION_REFUSED: Record<Lack, string> = {
  room: 'too many connections',
  share: 'too many connections of one address',
};

export class PortShares {
  private readonly peers = new Map<string, Peer>();
  private readonly rooms: Rooms;

  constructor(private readonly options: PortSharesOptions) {
    const { port, limits, counters = localCounters() } = options;
    const room = (name: string, max: keyof PortLimits, perHolder: keyof PortLimits): FairRoom =>
      new FairRoom(`${port} ${name}`, () => ({ max: limits()[max], perHolder: limits()[perHolder] }), counters);
    this.rooms = {
      strangers: room('anonymous connections', 'anonymousConnections', 'connectionsPerAddress'),
      known: room('known connections', 'knownConnections', 'connectionsPerHolder'),
      strangersBytes: room('anonymous bytes', 'anonymousBytes', 'bytesPerAddress'),
      knownBytes: room('known bytes', 'knownBytes', 'bytesPerHolder'),
    };
  }

  /**
   * Counts a connection until it closes. When there is no place, closes it at once and answers
   * undefined.
   */
  admit(socket: Socket): Peer | undefined {
    const address = plainAddress(socket.remoteAddress ?? '');
    const key = keyOf(socket);
    const isProxy = this.options.isProxy?.(address) ?? false;
    const drop = (): void => {
      this.options.refused('gave way to others');
      socket.destroy();
    };
    const taker = { holder: networkOf(address), drop, isIdle: true };
    const place = isProxy ? this.rooms.known.take({ ...taker, isUnbounded: true }) : this.rooms.strangers.take(taker);
    if (typeof place === 'string') {
      this.options.refused(CONNECTION_REFUSED[place]);
      socket.destroy();
      return undefined;
    }
    const peer = new Peer(this.rooms, { address, isProxy, isStanding: this.options.isStanding ?? false }, place);
    this.peers.set(key, peer);
    socket.once('close', () => {
      if (this.peers.get(key) === peer) this.peers.delete(key);
      peer.closed();
    });
    return peer;
  }

  /** The peer of a connection. Also found by the TLS socket on top of the one that was admitted. */
  peerOf(socket: Pick<Socket, EndPoints>): Peer | undefined {
    return this.peers.get(keyOf(socket));
  }

  /** What is held at the moment. */
  get held(): Record<keyof Rooms, number> {
    const { strangers, known, strangersBytes, knownBytes } = this.rooms;
    return {
      strangers: strangers.held,
      known: known.held,
      strangersBytes: strangersBytes.held,
      knownBytes: knownBytes.held,
    };
  }
}

interface Rooms {
  strangers: FairRoom;
  known: FairRoom;
  strangersBytes: FairRoom;
  knownBytes: FairRoom;
}

type EndPoints = 'remoteAddress' | 'remotePort' | 'localAddress' | 'localPort';

const keyOf = (socket: Pick<Socket, EndPoints>): string =>
  `${socket.remoteAddress} ${socket.remotePort} ${socket.localAddress} ${socket.localPort}`;

interface PeerFacts {
  address: string;
  isProxy: boolean;
  isStanding: boolean;
}

/** A request as it is opened. */
export interface RequestFacts {
  /** The address of the caller. Default: the address of the connection. */
  address?: string | undefined;
  /** The caller, where it is known. Default: the peer of the connection. */
  holder?: string | undefined;
  /** Ends the request: its room was given to another. */
  drop(): void;
}

/** One connection. */
export class Peer {
  private owner: string | undefined;
  private readonly requests = new Set<Held>();

  /** Made by {@link PortShares.admit}. */
  constructor(
    private readonly rooms: Rooms,
    private readonly facts: PeerFacts,
    private place: Place,
  ) {}

  /** Numeric. */
  get address(): string {
    return this.facts.address;
  }

  /** Who is at the other end, once it is proven. */
  get holder(): string | undefined {
    return this.owner;
  }

  get openRequests(): number {
    return this.requests.size;
  }

  /**
   * Counts a peer that has proven who it is among the known ones. Answers false when they have no
   * room; the peer then counts as before.
   */
  prove(holder: string): boolean {
    if (this.owner !== undefined || this.facts.isProxy) return true;
    const { drop } = this.place.taker;
    const moved = this.rooms.known.take({ holder, drop, isIdle: this.place.isIdle });
    if (typeof moved === 'string') return false;
    this.place.release();
    this.place = moved;
    this.owner = holder;
    return true;
  }

  /** Opens a request with room for its headers. Answers the limit that was reached, if any. */
  open({ address = this.address, holder = this.owner, drop }: RequestFacts): Held | Lack {
    const taker = { holder: holder ?? networkOf(address), drop, amount: REQUEST_BASE_BYTES };
    const place = (holder === undefined ? this.rooms.strangersBytes : this.rooms.knownBytes).take(taker);
    if (typeof place === 'string') return place;
    const held = new Held(this, this.rooms, place, holder !== undefined);
    this.requests.add(held);
    if (!this.facts.isStanding) this.place.isIdle = false;
    return held;
  }

  /** Of {@link PortShares}: the connection has closed. */
  closed(): void {
    for (const held of [...this.requests]) held.release();
    this.place.release();
  }

  /** Of {@link Held}. */
  ended(held: Held): void {
    if (this.requests.delete(held) && this.requests.size === 0) this.place.isIdle = true;
  }
}

/** The bytes that one request holds: what has come of it, and what is unread of its answer. */
export class Held {
  /** Made by {@link Peer.open}. */
  constructor(
    readonly peer: Peer,
    private readonly rooms: Rooms,
    private place: Place,
    private known: boolean,
  ) {}

  /** Whether it counts among those who have proven who they are. */
  get isKnown(): boolean {
    return this.known;
  }

  get bytes(): number {
    return this.place.amount;
  }

  /**
   * Takes more, or gives back with a negative number. Answers the limit that was reached, if any.
   */
  grow(bytes: number): Lack | undefined {
    return this.place.grow(bytes);
  }

  /**
   * Counts the sender of the request, and of its connection, as proven. Answers the limit that was
   * reached, if any.
   */
  prove(holder: string): Lack | undefined {
    this.peer.prove(holder);
    if (this.known) return undefined;
    const { amount, taker } = this.place;
    const moved = this.rooms.knownBytes.take({ holder, drop: () => taker.drop(), amount });
    if (typeof moved === 'string') return moved;
    this.place.release();
    this.place = moved;
    this.known = true;
    return undefined;
  }

  /** Gives everything back. Further calls do nothing. */
  release(): void {
    this.place.release();
    this.peer.ended(this);
  }
}
