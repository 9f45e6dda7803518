/**
 * What the administrators of a world do meanwhile: cancel, and take away what sessions stand on.
 */
import { sql, type Tx } from '../../services/controller/db/db';
import type { SimController } from './controller';
import { accountIdOf, GROUP, HOST_SETS, roleIdOf, TARGETS, tokenIdOf, TOKENS, userIdOf, workerIdOf } from './fixture';
import { isLive, type ModelSession } from './truth';
import type { World } from './world';

/** Two administrators act at the same time, give or take, ms. */
const SAME_TIME_MS = 30;

export class Changes {
  /** Users who may have lost their rights. */
  private readonly losers = new Set<number>();
  private readonly cleared = new Set<string>();

  constructor(private readonly world: World) {}

  /** Whether an administrator may have taken the user's rights away. */
  mayHaveLostRights(user: number): boolean {
    return this.losers.has(user);
  }

  kinds(): Record<string, () => void> {
    const { world } = this;
    const { random } = world;
    const user = (): number => random.below(TOKENS);
    return {
      cancel: () => this.cancel(this.anySession()),
      'two administrators cancel': () => {
        const session = this.anySession();
        this.cancel(session);
        world.scheduler.at(random.between(0, SAME_TIME_MS), '', () => this.cancel(session));
      },
      logout: () => this.removeOf(user(), 'auth_tokens', tokenIdOf),
      'a user is deleted': () => this.removeOf(user(), 'users', userIdOf),
      'an account is deleted': () => this.removeOf(user(), 'accounts', accountIdOf),
      'a role is deleted': () => this.takeRights(user(), (n) => deleteOf('roles', roleIdOf(n))),
      'a grant is taken away': () =>
        this.takeRights(user(), (n) => (tx) => sql`delete from role_grants where role_id = ${roleIdOf(n)}`.execute(tx)),
      'a user leaves its group': () =>
        this.takeRights(0, () => (tx) => sql`delete from group_members where group_id = ${GROUP}`.execute(tx)),
      'a host set is deleted': () => this.remove(random.pick(HOST_SETS), 'host_sets', (session) => session.hostSetId),
      'a target is deleted': () => this.remove(this.anyTarget(), 'targets', (session) => session.target.id),
      'a target loses its address': () => {
        const id = this.anyTarget();
        // What is authorized afterwards does not stand on the address.
        if (this.cleared.has(id)) return;
        this.cleared.add(id);
        const clear = (tx: Tx) => sql`update targets set address = null where id = ${id}`.execute(tx);
        this.endWith((session) => session.target.id === id, clear);
      },
      'a worker is deleted': () => this.deleteWorker(workerIdOf(random.below(world.workers.length))),
    };
  }

  private anySession(): ModelSession | undefined {
    return this.world.random.pick([...this.world.truth.sessions.values(), undefined]);
  }

  private anyTarget(): string {
    const live = [...this.world.truth.sessions.values()].map((session) => session.target.id);
    return this.world.random.pick([...live, TARGETS[0]!.id]);
  }

  private cancel(session: ModelSession | undefined): void {
    if (session === undefined) return;
    session.mayBeCanceled = true;
    this.api(async (controller) => {
      if ((await controller.cancelSession(session.id)) && ++session.cancellations > 1) {
        this.world.truth.broken(`${session.id} is canceled twice`);
      }
    });
  }

  private removeOf(user: number, table: string, idOf: (user: number) => string): void {
    // Whoever is gone has no rights either.
    this.losers.add(user);
    for (const session of this.world.truth.sessions.values()) if (session.user === user) session.mayBeRevoked = true;
    this.endWith((session) => session.user === user, deleteOf(table, idOf(user)));
  }

  private remove(id: string, table: string, of: (session: ModelSession) => string | null): void {
    this.endWith((session) => of(session) === id, deleteOf(table, id));
  }

  /** A change that ends sessions with itself. */
  private endWith(isConcerned: (session: ModelSession) => boolean, work: (tx: Tx) => Promise<unknown>): void {
    const { truth } = this.world;
    const concerned = () => [...truth.sessions.values()].filter(isConcerned);
    const mark = (): ModelSession[] => {
      const marked = concerned();
      for (const session of marked) session.mayBeCanceled = true;
      return marked;
    };
    // Also sessions that are being made just now, or until the row is gone.
    mark();
    this.api(async (controller) => {
      const onRecord = await controller.change(async (tx) => {
        await work(tx);
        return mark().filter(({ id }) => truth.sessionRows.has(id));
      });
      for (const { id } of onRecord) {
        const status = truth.sessionRows.get(id)?.status ?? '';
        if (isLive(status)) truth.broken(`${id} is ${status} without what it stood on`);
      }
    });
  }

  /** Sessions of the user end once a controller has looked at them. */
  private takeRights(user: number, change: (user: number) => (tx: Tx) => Promise<unknown>): void {
    const { truth, scheduler } = this.world;
    const concerned = () => [...truth.sessions.values()].filter((session) => session.user === user);
    this.losers.add(user);
    for (const session of concerned()) session.mayBeRevoked = true;
    this.api(async (controller) => {
      const onRecord = await controller.change(async (tx) => {
        await change(user)(tx);
        return concerned().filter(({ id }) => truth.sessionRows.has(id));
      });
      for (const session of onRecord) session.revokedAt = Math.min(session.revokedAt, scheduler.now);
    });
  }

  private deleteWorker(id: string): void {
    if (!this.world.random.chance(0.5)) return;
    this.world.deletedWorkers.add(id);
    // Its controller may cancel what it serves while it can still report.
    for (const session of this.world.truth.sessions.values()) {
      if (session.workerIds.includes(id)) session.mayBeCutOff = true;
    }
    this.api(async (controller) => {
      await controller.deleteWorker(id);
      this.world.goneWorkers.add(id);
    });
  }

  private api(work: (controller: SimController) => Promise<unknown>): void {
    const controller = this.world.anyController();
    if (controller !== undefined) this.world.quietly(work(controller));
  }
}

const deleteOf = (table: string, id: string) => (tx: Tx) =>
  sql`delete from ${sql.table(table)} where id = ${id}`.execute(tx);
