/** What goes wrong in a world. */
import type { Changes } from './changes';
import type { World } from './world';

/** Outages of anything, at most, ms. */
const LONGEST_OUTAGE_MS = 6_000;
/** Statements that crawl when the database no longer does. */
const CRAWLED_MS = 3_000;

export class Faults {
  private isOver = false;
  /** Ends what lasts. */
  private readonly endings: (() => void)[] = [];

  constructor(
    private readonly world: World,
    busyMs: number,
    changes: Changes,
  ) {
    const { random, scheduler } = world;
    // Some worlds are peaceful, some are not.
    const count = random.pick([0, 2, 4, 8, 12]);
    const all = Object.entries(this.kinds());
    // In every other world a few kinds come again and again, so that they meet themselves and each
    // other.
    const kinds = random.chance(0.5) ? all : Array.from({ length: 1 + random.below(3) }, () => random.pick(all));
    for (let i = 0; i < count; i++) {
      const [name, run] = random.pick(kinds);
      scheduler.at(random.between(200, busyMs), `fault: ${name}`, () => run());
    }
    for (let i = random.below(4); i > 0; i--) {
      const [name, run] = random.pick(Object.entries(changes.kinds()));
      scheduler.at(random.between(500, busyMs), `change: ${name}`, () => run());
    }
  }

  /** The weather clears up: everything that was taken down comes back. */
  end(): void {
    this.isOver = true;
    for (const ending of this.endings.splice(0)) ending();
    this.world.weather.repeats = 0;
    this.world.scheduler.note('the faults are over');
  }

  private kinds(): Record<string, () => void> {
    const { world } = this;
    const { random, database } = world;
    const controller = () => random.below(world.controllers.length);
    const worker = () => random.below(world.workers.length);
    return {
      'a controller is killed': () => this.controllerDown(controller(), (n) => world.killController(n)),
      'a controller is stopped in order': () => this.controllerDown(controller(), (n) => this.closeController(n)),
      'a controller stands still': () => {
        world.controllers[controller()]?.process.stop(this.outage());
        this.disturb(LONGEST_OUTAGE_MS);
      },
      'a worker is killed': () => this.workerDown(worker(), (n) => world.killWorker(n)),
      'a worker is stopped in order': () => this.closeWorker(worker(), 0),
      'a worker drains': () => this.closeWorker(worker(), random.between(200, LONGEST_OUTAGE_MS)),
      'a worker forgets closes': () => this.forgetCloses(worker()),
      'a worker stands still': () => world.workers[worker()]?.process.stop(this.outage()),
      'a stream breaks': () => world.workers[worker()]?.link?.break(random.between(0, 20), random.between(0, 20)),
      'a stream breaks, the controller learns late': () =>
        world.workers[worker()]?.link?.break(random.between(0, 20), random.between(0, 15_000)),
      'a stream goes silent': () => world.workers[worker()]?.link?.goSilent(),
      'the database goes away': () =>
        this.lasting(
          () => database.goAway(),
          () => database.goBack(),
        ),
      'the database loses answers': () =>
        this.lasting(
          () => (database.losesAnswers = 0.3),
          () => (database.losesAnswers = 0),
        ),
      'the database crawls': () =>
        this.lasting(
          () => (database.crawls = 0.3),
          () => (database.crawls = 0),
          CRAWLED_MS,
        ),
      'requests are slow and their streams break': () => this.slowRequests(),
      'answers to requests get lost': () =>
        this.lasting(
          () => (database.slots.lost = 0.7),
          () => (database.slots.lost = 0),
        ),
      'PostgreSQL breaks statements off': () =>
        this.lasting(
          () => (database.breaksOff = 0.3),
          () => (database.breaksOff = 0),
        ),
      'listening connections break': () => {
        database.dropListeners();
        this.disturb(0);
      },
    };
  }

  private outage(): number {
    const { random } = this.world;
    return random.chance(0.5) ? random.between(10, 1_000) : random.between(1_000, LONGEST_OUTAGE_MS);
  }

  /** Something that ends by itself; `afterMs` is how long it can still be felt. */
  private lasting(begin: () => void, end: () => void, afterMs = 0): void {
    begin();
    const once = () => {
      end();
      this.disturb(afterMs);
    };
    this.endings.push(once);
    this.world.scheduler.at(this.outage(), 'an outage ends', () => {
      if (!this.isOver) once();
    });
  }

  /**
   * As while a session's row is locked: workers are attached again before their requests are
   * carried out.
   */
  private slowRequests(): void {
    const { world } = this;
    const { random, database, scheduler } = world;
    this.lasting(
      () => (database.slots.crawl = 0.7),
      () => (database.slots.crawl = 0),
      CRAWLED_MS,
    );
    for (let i = 1 + random.below(4); i > 0; i--) {
      scheduler.at(random.between(0, 2_000), '', () => {
        if (!this.isOver) world.workers[random.below(world.workers.length)]?.link?.break(random.between(0, 20), 0);
      });
    }
  }

  /** Bounds are counted anew once it is over. */
  private disturb(ms: number): void {
    const { world } = this;
    world.healthySince = Math.max(world.healthySince, world.scheduler.now + ms);
  }

  private controllerDown(n: number, end: (n: number) => void): void {
    const { world } = this;
    if (world.controllers[n] === undefined) return;
    const { down } = world;
    this.lasting(
      () => {
        down.controllers.add(n);
        end(n);
      },
      () => {
        down.controllers.delete(n);
        world.startController(n);
      },
    );
  }

  private closeController(n: number): void {
    const { world } = this;
    const controller = world.controllers[n]!;
    world.controllers[n] = undefined;
    world.quietly(controller.close().finally(() => controller.process.kill()));
  }

  private workerDown(n: number, end: (n: number) => void): void {
    const { world } = this;
    if (world.workers[n] === undefined) return;
    const { down } = world;
    this.lasting(
      () => {
        end(n);
        down.workers.add(n);
      },
      () => {
        down.workers.delete(n);
        world.startWorker(n);
      },
    );
  }

  /** Its next stream says which connections it really has; the controller gives up the others. */
  private forgetCloses(n: number): void {
    const { world } = this;
    const worker = world.workers[n];
    if (worker === undefined) return;
    this.lasting(
      () => (worker.forgetsCloses = true),
      () => {
        worker.forgetsCloses = false;
        worker.link?.break(0, 0);
      },
    );
  }

  /** The next process starts once this one has left its directory. */
  private closeWorker(n: number, deadlineMs: number): void {
    const { world } = this;
    const worker = world.workers[n];
    if (worker === undefined || world.down.workers.has(n)) return;
    world.down.workers.add(n);
    const over = worker.close(deadlineMs).finally(() => {
      worker.process.kill();
      if (world.workers[n] === worker) world.workers[n] = undefined;
      world.down.workers.delete(n);
      world.startWorker(n);
    });
    world.quietly(over);
  }
}
