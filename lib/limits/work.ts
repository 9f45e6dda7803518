/**
 * The work that one request may cost, counted in steps and not in time, so that the same request
 * always gets the same answer. A step is what takes the order of 10 ns: an instruction of a regular
 * expression on one character. Work that comes in a loop calls {@link Work.breathe} between two
 * rounds, so that others get their turn on the event loop.
 */

/**
 * The request needs more steps than it may have. Callers map it to an error that names the remedy.
 */
export class WorkExceeded extends Error {
  constructor(readonly limit: number) {
    super(`more than ${limit} steps of work`);
    this.name = 'WorkExceeded';
  }
}

export class Work {
  private used = 0;
  private sincePause = 0;

  /**
   * `limit` is that of the whole request, `stretch` what it may do before others get a turn;
   * `pause` resolves in a later turn of the event loop.
   */
  constructor(
    private readonly limit: number,
    private readonly stretch: number,
    private readonly pause: () => Promise<void> = nextTurn,
  ) {}

  /** Steps charged so far. */
  get steps(): number {
    return this.used;
  }

  /**
   * To be called before the steps are done. Throws {@link WorkExceeded}, and then again at every
   * further call.
   */
  charge(steps: number): void {
    this.used += steps;
    this.sincePause += steps;
    if (this.used > this.limit) throw new WorkExceeded(this.limit);
  }

  /**
   * Whether {@link breathe} would pause; loops ask first where a promise a round costs too much.
   */
  get isDue(): boolean {
    return this.sincePause >= this.stretch;
  }

  /** Gives others their turn when a stretch of work is done. */
  async breathe(): Promise<void> {
    if (!this.isDue) return;
    this.sincePause = 0;
    await this.pause();
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
