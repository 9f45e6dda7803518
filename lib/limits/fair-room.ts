/**
 * Room that many holders share: for connections, or for bytes. A holder, which is an address or an
 * account, has a limited share. When the room is full, the holder with the most gives way to
 * holders with less, so that nobody can keep others out.
 */
import { isLease, type Counters, type Lease, type Share } from './counters';

export interface RoomLimits {
  /** Of all holders. */
  max: number;
  perHolder: number;
}

export interface Taker {
  holder: string;
  /** Ends what holds the place: it was given to another. */
  drop(): void;
  /** Default 1. */
  amount?: number;
  /** Loses nothing when it ends: it waits for its peer. */
  isIdle?: boolean;
  /**
   * The holder stands for many others, as a proxy does: the share of one holder does not limit it.
   */
  isUnbounded?: boolean;
}

/** The limit that was reached: the share of the holder, or the room of all. */
export type Lack = 'share' | 'room';

/**
 * A place in use may go to a holder that would have less than this part of what its present holder
 * has.
 */
const CLEARLY_LESS = 8;

interface Holding {
  amount: number;
  /** Those that were busy last stand at the end. */
  places: Set<Place>;
}

export class FairRoom {
  private readonly holders = new Map<string, Holding>();

  constructor(
    private readonly name: string,
    private readonly limits: () => RoomLimits,
    private readonly counters: Counters,
  ) {}

  /** How much a holder has. */
  heldBy(holder: string): number {
    return this.holders.get(holder)?.amount ?? 0;
  }

  /** How much all have. */
  get held(): number {
    return this.counters.held(this.name, ALL);
  }

  take(taker: Taker): Place | Lack {
    const { holder, amount = 1 } = taker;
    const shares = this.shares(taker);
    for (;;) {
      const taken = this.counters.take(shares, amount);
      if (isLease(taken)) return this.seat(taker, taken);
      const lack = this.lackOf(taken);
      if (shares.some(({ max }) => amount > max) || !this.makeRoom(lack, holder, amount)) return lack;
    }
  }

  /** Of {@link Place}. */
  grow(place: Place, lease: Lease, by: number): Lack | undefined {
    const { holder, isUnbounded = false } = place.taker;
    while (!lease.grow(by)) {
      const isOverShare = !isUnbounded && this.counters.held(this.shareName, holder) + by > this.limits().perHolder;
      const lack = isOverShare ? 'share' : 'room';
      if (lease.amount < 0 || !this.makeRoom(lack, holder, by)) return lack;
    }
    this.holders.get(holder)!.amount += by;
    return undefined;
  }

  /** Of {@link Place}. */
  leave(place: Place, amount: number): void {
    const { holder } = place.taker;
    const holding = this.holders.get(holder);
    if (!holding?.places.delete(place)) return;
    holding.amount -= amount;
    if (holding.places.size === 0) this.holders.delete(holder);
  }

  /** Of {@link Place}. */
  touch(place: Place): void {
    const places = this.holders.get(place.taker.holder)?.places;
    if (places?.delete(place)) places.add(place);
  }

  private get shareName(): string {
    return `${this.name} of one`;
  }

  private shares({ holder, isUnbounded = false }: Taker): Share[] {
    const { max, perHolder } = this.limits();
    const all = { kind: this.name, holder: ALL, max };
    return isUnbounded ? [all] : [{ kind: this.shareName, holder, max: perHolder }, all];
  }

  private lackOf({ kind }: Share): Lack {
    return kind === this.name ? 'room' : 'share';
  }

  private seat(taker: Taker, lease: Lease): Place {
    const place = new Place(this, taker, lease);
    const holding = this.holders.get(taker.holder) ?? { amount: 0, places: new Set() };
    this.holders.set(taker.holder, holding);
    holding.amount += lease.amount;
    holding.places.add(place);
    return place;
  }

  /** Drops one place so that another fits; false when none may be dropped. */
  private makeRoom(lack: Lack, holder: string, wanted: number): boolean {
    const victim = lack === 'share' ? oldestIdle(this.holders.get(holder)) : this.victim(this.heldBy(holder), wanted);
    victim?.evict();
    return victim !== undefined;
  }

  private victim(own: number, wanted: number): Place | undefined {
    let heaviest: Holding | undefined;
    for (const holding of this.holders.values()) {
      if (holding.amount > (heaviest?.amount ?? 0)) heaviest = holding;
    }
    if (heaviest === undefined || heaviest.amount < own) return undefined;
    const idle = oldestIdle(heaviest);
    if (idle !== undefined || heaviest.amount < CLEARLY_LESS * (own + wanted)) return idle;
    return [...heaviest.places].find(({ taker }) => taker.isUnbounded !== true);
  }
}

const ALL = 'all';

function oldestIdle(holding: Holding | undefined): Place | undefined {
  for (const place of holding?.places ?? []) if (place.isIdle) return place;
  return undefined;
}

/** What one connection or request has of a room. */
export class Place {
  private idle: boolean;

  /** Made by {@link FairRoom.take}. */
  constructor(
    private readonly room: FairRoom,
    readonly taker: Taker,
    private readonly lease: Lease,
  ) {
    this.idle = taker.isIdle ?? false;
  }

  get isIdle(): boolean {
    return this.idle;
  }

  set isIdle(idle: boolean) {
    this.idle = idle;
    this.room.touch(this);
  }

  get amount(): number {
    return Math.max(0, this.lease.amount);
  }

  /**
   * Takes more, or gives back with a negative number. Answers the limit that was reached, if any.
   */
  grow(by: number): Lack | undefined {
    return this.room.grow(this, this.lease, by);
  }

  /** Gives everything back. Further calls do nothing. */
  release(): void {
    this.room.leave(this, this.amount);
    this.lease.release();
  }

  /** Gives everything back and ends what held it. */
  evict(): void {
    this.release();
    this.taker.drop();
  }
}
