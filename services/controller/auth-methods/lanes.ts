/**
 * Does the work of one key one piece after the other, with pauses. The work of other keys does not
 * wait.
 */
import type { Clock } from '../../../lib/clock/clock';
import { FairQueue, type Crowded } from '../../../lib/limits/fair-queue';

export interface LaneOptions {
  /** Pieces of work of one key that wait. */
  waiting: number;
  /** Of these, pieces of one caller. */
  waitingPerCaller: number;
}

export class Lanes {
  private readonly lanes = new Map<string, { queue: FairQueue; users: number }>();

  constructor(
    private readonly options: LaneOptions,
    private readonly clock: Clock,
    private readonly errors: { refused(why: Crowded): Error; gone(): Error },
  ) {}

  /** Waits for the caller's turn in the lane of the key, then `pauseMs()`, then does the work. */
  async run<T>(
    {
      key,
      caller,
      pauseMs,
      signal,
    }: { key: string; caller: string; pauseMs: () => number; signal?: AbortSignal | undefined },
    work: () => Promise<T>,
  ): Promise<T> {
    let lane = this.lanes.get(key);
    if (lane === undefined) {
      lane = { queue: new FairQueue({ concurrent: 1, ...this.options }, this.errors), users: 0 };
      this.lanes.set(key, lane);
    }
    lane.users++;
    try {
      const paused = async (): Promise<T> => {
        for (let ms = pauseMs(); ms > 0; ms = pauseMs()) await this.pause(ms, signal);
        return work();
      };
      return await lane.queue.run(caller, paused, signal);
    } finally {
      if (--lane.users === 0) this.lanes.delete(key);
    }
  }

  private pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        cancel();
        reject(this.errors.gone());
      };
      const cancel = this.clock.after(ms, () => {
        signal?.removeEventListener('abort', leave);
        resolve();
      });
      if (signal?.aborted === true) leave();
      else signal?.addEventListener('abort', leave, { once: true });
    });
  }
}
