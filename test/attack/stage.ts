/**
 * What is attacked: PostgreSQL, a controller and a worker, each a process of its own, with the
 * people of the play.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createLogger } from '../../lib/log/log';
import { openDb, sql, transaction, type Db } from '../../services/controller/db/db';
import { startEmbeddedPostgres } from '../../services/dev/embedded-postgres';
import { temporaryDirectory } from '../../services/dev/temporary';
import { clientHello } from '../faults/abuse';
import { startDeployment, type Deployment } from '../harness/deployment';
import { grpcDoor } from '../harness/doors';
import { echo, endpoint } from '../harness/endpoints';
import { Link } from '../harness/link';
import { descendants } from '../harness/process';
import { waitFor } from '../harness/wait';
import type { AttackingUser } from './attack';
import { HttpPeer } from './peers';
import { attackersField, honestUser, newRole, newUser, PASSWORD, type Honest } from './people';
import { livesAt } from './gauges';

/** Where the honest user calls from. His connections to the worker come from 127.0.0.1. */
export const HONEST_ADDRESS = '127.0.0.2';
export const ATTACKER_ADDRESS = '127.0.0.3';

/** Small, so that an attack can fill the table in seconds. */
const MAX_QUOTAS = 1_000;
/**
 * A process that holds more after an attack is started anew, so that the next one is measured by
 * itself.
 */
const RESTART_ABOVE_MIB = 400;
/** Of a list that has no end. */
const MAX_PAGES = 100;
const READY_MS = 8_000;

interface Parts {
  deployment: Deployment;
  /** Between the worker and the cluster port. */
  link: Link;
  /** Of PostgreSQL. */
  directory: string;
  peer: HttpPeer;
  /** For what no call can make, or not soon enough. */
  db: Db;
  honest: Honest;
  field: { scope: string; target: string };
  close(): Promise<void>;
}

export class Stage {
  private users = 0;

  readonly deployment: Deployment;
  readonly honest: Honest;
  readonly field: { scope: string; target: string };
  /** For calls from the honest user's address. */
  readonly peer: HttpPeer;

  private constructor(private readonly parts: Parts) {
    ({ deployment: this.deployment, honest: this.honest, field: this.field, peer: this.peer } = parts);
  }

  static async open(): Promise<Stage> {
    const closing: (() => Promise<unknown> | void)[] = [];
    const undo = async (): Promise<void> => {
      for (const close of closing.splice(0).reverse()) await close();
    };
    try {
      return new Stage({ ...(await open(closing)), close: undo });
    } catch (error) {
      await undo();
      throw error;
    }
  }

  get authMethod(): string {
    return this.deployment.init.auth_method.auth_method_id as string;
  }

  /** A user who may do everything in the attackers' project and has logged in so many times. */
  async attacker(tokens: number, grants = ['ids=*;type=*;actions=*']): Promise<AttackingUser> {
    const loginName = `mallory${++this.users}`;
    const user = await newUser(this.deployment, loginName);
    await newRole(this.deployment, this.field.scope, user, grants);
    const made: string[] = [];
    for (let i = 0; i < tokens; i++) made.push(await this.peer.login(this.authMethod, loginName, PASSWORD));
    return { userId: user, loginName, password: PASSWORD, tokens: made };
  }

  /**
   * Removes attackers, whose sessions end with them, and the targets and roles whose name begins
   * with theirs. Those are removed as rows: a list of the API would suffer from what they do.
   */
  async remove(attackers: readonly AttackingUser[]): Promise<void> {
    const { scope } = this.field;
    const more = { token: this.deployment.api.token, timeoutMs: READY_MS };
    for (const { userId, loginName } of attackers) {
      await transaction(this.parts.db, new Date(), async (tx) => {
        for (const table of ['targets', 'roles']) {
          const named = sql`scope_id = ${scope} and name like ${`${loginName} %`}`;
          await sql`delete from ${sql.table(table)} where ${named}`.execute(tx);
        }
      });
      await this.peer.ok('DELETE', `/v1/users/${userId}`, more);
    }
  }

  /** The first bytes of a client of the session at the proxy port, base64. */
  helloOf(sessionId: string): Promise<string> {
    return clientHello(sessionId);
  }

  /**
   * All targets for the administrator, page by page: how many pages, and the size of the largest in
   * bytes.
   */
  async listOverGrpc(): Promise<{ pages: number; most: number }> {
    const { api, ports } = this.deployment;
    const door = grpcDoor(`127.0.0.1:${ports.api}`, api.token);
    try {
      let [pages, most, list_token] = [0, 0, ''];
      for (;;) {
        const { status, body } = await door.call('ListTargets', { scope_id: 'global', recursive: true, list_token });
        if (status !== 200) throw new Error(`status ${status}`);
        pages++;
        most = Math.max(most, JSON.stringify(body).length);
        list_token = body.list_token as string;
        if (body.response_type === 'complete' || pages >= MAX_PAGES) return { pages, most };
      }
    } finally {
      door.close();
    }
  }

  /**
   * Cuts the worker's stream and answers how long it takes the worker to come back, ms; undefined
   * when it does not.
   */
  async reattach(limitMs: number): Promise<number | undefined> {
    this.parts.link.cut();
    await waitFor('the worker to notice', async () => !(await this.isAttached()), { timeoutMs: 5_000 });
    this.parts.link.heal();
    const began = Date.now();
    const back = waitFor('the worker to come back', () => this.isAttached(), { timeoutMs: limitMs });
    return back.then(
      () => Date.now() - began,
      () => undefined,
    );
  }

  async isAttached(): Promise<boolean> {
    const url = `http://127.0.0.1:${this.deployment.ports.workerOps}/health`;
    const health = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
    return ((await health?.json().catch(() => ({}))) as { attached?: boolean } | undefined)?.attached === true;
  }

  /**
   * Makes the deployment as it was before an attack: windows of rate limits begin anew, and
   * processes that hold much memory are started again. Answers what is broken; then both processes
   * are new.
   */
  async settle(): Promise<string | undefined> {
    const problem = await this.problem();
    const { controller, worker } = this.deployment;
    const isFat = (pid: number): boolean => (livesAt(pid)?.rssMiB ?? 0) > RESTART_ABOVE_MIB;
    const [both, first, second] = [problem !== undefined, isFat(controller.child.pid!), isFat(worker.child.pid!)];
    if (both || first) await this.restart('controller');
    else controller.child.kill('SIGHUP');
    if (both || second) await this.restart('worker');
    await waitFor('the worker to be there', () => this.isAttached(), { timeoutMs: 3 * READY_MS });
    return problem;
  }

  close(): Promise<void> {
    return this.parts.close();
  }

  /**
   * For a run that must end now: ends what {@link close} would wait for. PostgreSQL ends with this
   * process.
   */
  kill(): void {
    for (const pid of descendants(process.pid)) {
      if (argumentsOf(pid).includes('-config')) process.kill(pid, 'SIGKILL');
    }
    for (const directory of [this.deployment.home, this.parts.directory]) {
      rmSync(directory, { recursive: true, force: true });
    }
  }

  private async problem(): Promise<string | undefined> {
    const { controller, worker, ports } = this.deployment;
    const [parts, doors] = [
      { controller, worker },
      { controller: ports.ops, worker: ports.workerOps },
    ];
    for (const name of ['controller', 'worker'] as const) {
      if (parts[name].ended) return `the ${name} ended: ${this.lastWords(name)}`;
      const isReady = await waitFor(name, () => answers(doors[name]), { timeoutMs: READY_MS }).catch(() => false);
      if (!isReady) return `the ${name} was not ready within ${READY_MS / 1_000} s`;
    }
    return undefined;
  }

  private lastWords(name: 'controller' | 'worker'): string {
    const log = readFileSync(join(this.deployment.home, `${name === 'worker' ? 'w1' : name}.log`), 'utf8');
    const lines = log.trimEnd().split('\n');
    return (lines.findLast((line) => /FATAL|Error:|"level":60/.test(line)) ?? lines.at(-1) ?? '').slice(0, 200);
  }

  private async restart(name: 'controller' | 'worker'): Promise<void> {
    await this.deployment[name].stop('SIGKILL');
    await (name === 'controller' ? this.deployment.startController() : this.deployment.startWorker());
  }
}

async function open(closing: (() => Promise<unknown> | void)[]): Promise<Omit<Parts, 'close'>> {
  const directory = temporaryDirectory('sallyport-attack');
  closing.push(() => rmSync(directory, { recursive: true, force: true }));
  const postgres = await startEmbeddedPostgres({ dataDir: join(directory, 'pg'), port: 0, durable: false });
  closing.push(() => postgres.stop());
  const url = `postgres://postgres@127.0.0.1:${postgres.port}/postgres`;
  let link: Link | undefined;
  const deployment = await startDeployment({
    database: { url, drop: () => Promise.resolve() },
    logLevel: 'error',
    logFiles: true,
    controller: { api_rate_limit_max_quotas: MAX_QUOTAS },
    async worker({ cluster }) {
      link = await Link.open(cluster);
      closing.push(() => link!.close());
      return { initial_upstreams: [`127.0.0.1:${link.port}`] };
    },
  });
  closing.push(() => deployment.stop());
  const echoes = await endpoint(echo);
  closing.push(() => echoes.close());
  const peer = new HttpPeer(deployment.ports.api, HONEST_ADDRESS, false);
  closing.push(() => peer.close());
  const honest = await honestUser(deployment, peer, echoes);
  const db = openDb({ url, log: createLogger('attack', { level: 'silent' }), maxConnections: 1 });
  closing.push(() => db.close());
  const field = await attackersField(deployment, echoes, db);
  return { deployment, link: link!, directory, peer, db, honest, field };
}

function argumentsOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

const answers = async (opsPort: number): Promise<boolean> => {
  const url = `http://127.0.0.1:${opsPort}/readyz`;
  const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
  return answer?.ok === true;
};
