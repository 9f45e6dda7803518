/** What goes wrong in a world, and what its administrators do meanwhile. */
import { sql } from '../../services/controller/db/db';
import { TARGETS, tokenIdOf, TOKENS, workerIdOf } from './fixture';
import type { Truth } from './truth';
import type { World } from './world';

/** Outages of anything, at most, ms. */
const LONGEST_OUTAGE_MS = 6_000;

export class Faults {
  private isOver = false;
  /** Ends what lasts. */
  private readonly endings: (() => void)[] = [];

  constructor(
    private readonly world: World,
    busyMs: number,
  ) {
    const { random, scheduler } = world;
    // Some worlds are peaceful, some are not.
    const count = random.pick([0, 2, 4, 8, 12]);
    const kinds = Object.entries(this.kinds());
    for (let i = 0; i < count; i++) {
      const [name, run] = random.pick(kinds);
      scheduler.at(random.between(200, busyMs), `fault: ${name}`, () => run());
    }
    for (let i = random.below(3); i > 0; i--) {
      const [name, run] = random.pick(Object.entries(this.changes()));
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
      'a worker is stopped in order': () => this.closeWorker(worker()),
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
      'listening connections break': () => {
        database.dropListeners();
        this.disturb(0);
      },
    };
  }

  private changes(): Record<string, () => void> {
    const { world } = this;
    const { random, truth } = world;
    const cancel = (): void => {
      const session = random.pick([...truth.sessions.values(), undefined]);
      if (session === undefined) return;
      session.mayBeCanceled = true;
      this.api((controller) => controller.cancelSession(session.id));
    };
    return {
      cancel,
      'cancel again': cancel,
      logout: () => this.remove('auth_tokens', tokenIdOf(random.below(TOKENS)), (s) => s.tokenId),
      'a target is deleted': () => {
        const live = [...truth.sessions.values()].map((session) => session.target.id);
        this.remove('targets', random.pick([...live, TARGETS[0]!.id]), (s) => s.target.id);
      },
      'a worker is deleted': () => this.deleteWorker(workerIdOf(random.below(world.workers.length))),
    };
  }

  private api(work: (controller: NonNullable<ReturnType<World['anyController']>>) => Promise<unknown>): void {
    const controller = this.world.anyController();
    if (controller !== undefined) this.world.quietly(work(controller));
  }

  private remove(table: string, id: string, of: (session: ModelSessionOf) => string): void {
    const mark = (): void => {
      for (const session of this.world.truth.sessions.values()) if (of(session) === id) session.mayBeCanceled = true;
    };
    // Also sessions that are being made just now, or until the row is gone.
    mark();
    this.api((controller) =>
      controller.change(async (tx) => {
        await sql`delete from ${sql.table(table)} where id = ${id}`.execute(tx);
        mark();
      }),
    );
  }

  private deleteWorker(id: string): void {
    if (!this.world.random.chance(0.3)) return;
    this.world.deletedWorkers.add(id);
    this.api((controller) => controller.change((tx) => sql`delete from workers where id = ${id}`.execute(tx)));
  }

  private outage(): number {
    const { random } = this.world;
    return random.chance(0.5) ? random.between(10, 1_000) : random.between(1_000, LONGEST_OUTAGE_MS);
  }

  private lasting(begin: () => void, end: () => void): void {
    begin();
    const once = () => {
      end();
      this.disturb(0);
    };
    this.endings.push(once);
    this.world.scheduler.at(this.outage(), 'an outage ends', () => {
      if (!this.isOver) once();
    });
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

  /** The next process starts once this one has left its directory. */
  private closeWorker(n: number): void {
    const { world } = this;
    const worker = world.workers[n];
    if (worker === undefined || world.down.workers.has(n)) return;
    world.down.workers.add(n);
    const over = worker.close().finally(() => {
      worker.process.kill();
      if (world.workers[n] === worker) world.workers[n] = undefined;
      world.down.workers.delete(n);
      world.startWorker(n);
    });
    world.quietly(over);
  }
}

type ModelSessionOf = Truth['sessions'] extends Map<string, infer S> ? S : never;
