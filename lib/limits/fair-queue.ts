/**
 * A queue in which callers take turns: a caller with much waiting work does not delay one with
 * little. When the queue is full, the caller with the most waiting loses its latest place to a
 * caller with fewer.
 */

export interface FairQueueOptions {
  /** Pieces of work that run at once. */
  concurrent: number;
  /** The part of them that one caller may have. When absent, one caller may have all. */
  concurrentPerCaller?: number | undefined;
  /** Places of all callers together. */
  waiting: number;
  /** Places of one caller. */
  waitingPerCaller: number;
}

/** Why there is no place. */
export type Crowded = 'queue is full' | 'caller has too many places';

interface Place {
  start(): void;
  refuse(error: Error): void;
}

export class FairQueue {
  /** Places by caller, oldest first; a caller that was served goes to the end of the map. */
  private readonly callers = new Map<string, Place[]>();
  /** Pieces of work that run, by caller. */
  private readonly runningOf = new Map<string, number>();
  private running = 0;
  private waiting = 0;

  /**
   * `options` may change while the queue is in use. `refused` makes the error of a caller without a
   * place; `gone` that of one whose signal was aborted.
   */
  constructor(
    private readonly options: FairQueueOptions,
    private readonly errors: { refused(why: Crowded): Error; gone(): Error },
  ) {}

  /** Pieces of work that wait. */
  get length(): number {
    return this.waiting;
  }

  /**
   * Does the work in the caller's turn. Rejects without doing it when there is no place or the
   * signal is aborted.
   */
  async run<T>(caller: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.turn(caller, signal);
    try {
      return await work();
    } finally {
      this.end(caller);
      this.next();
    }
  }

  /** Starts the next work in turn, if there is room. */
  private next(): void {
    for (const [caller, places] of this.callers) {
      if (!this.hasRoom(caller)) continue;
      const place = places.shift()!;
      this.callers.delete(caller);
      if (places.length > 0) this.callers.set(caller, places);
      this.waiting--;
      this.begin(caller);
      place.start();
      return;
    }
  }

  private hasRoom(caller: string): boolean {
    const { concurrent, concurrentPerCaller = concurrent } = this.options;
    return this.running < concurrent && (this.runningOf.get(caller) ?? 0) < concurrentPerCaller;
  }

  private begin(caller: string): void {
    this.running++;
    this.runningOf.set(caller, (this.runningOf.get(caller) ?? 0) + 1);
  }

  private end(caller: string): void {
    this.running--;
    const left = this.runningOf.get(caller)! - 1;
    if (left === 0) this.runningOf.delete(caller);
    else this.runningOf.set(caller, left);
  }

  private turn(caller: string, signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted === true) return Promise.reject(this.errors.gone());
    if (this.hasRoom(caller)) {
      this.begin(caller);
      return Promise.resolve();
    }
    const own = this.callers.get(caller)?.length ?? 0;
    if (own >= this.options.waitingPerCaller) {
      return Promise.reject(this.errors.refused('caller has too many places'));
    }
    if (this.waiting >= this.options.waiting && !this.displace(own)) {
      return Promise.reject(this.errors.refused('queue is full'));
    }
    return this.wait(caller, signal);
  }

  private wait(caller: string, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => () => {
        signal?.removeEventListener('abort', leave);
        act();
      };
      const place: Place = { start: settle(resolve), refuse: (error) => settle(() => reject(error))() };
      const leave = (): void => {
        this.remove(caller, place);
        place.refuse(this.errors.gone());
      };
      this.callers.set(caller, [...(this.callers.get(caller) ?? []), place]);
      this.waiting++;
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  /**
   * Takes the latest place of the caller with the most; false when nobody has clearly more than
   * `own`.
   */
  private displace(own: number): boolean {
    let heaviest: string | undefined;
    let most = own + 1;
    for (const [caller, places] of this.callers) if (places.length > most) [heaviest, most] = [caller, places.length];
    if (heaviest === undefined) return false;
    const latest = this.callers.get(heaviest)!.at(-1)!;
    this.remove(heaviest, latest);
    latest.refuse(this.errors.refused('queue is full'));
    return true;
  }

  private remove(caller: string, place: Place): void {
    const places = this.callers.get(caller) ?? [];
    const at = places.indexOf(place);
    if (at < 0) return;
    places.splice(at, 1);
    this.waiting--;
    if (places.length === 0) this.callers.delete(caller);
  }
}
