/**
 * What the survival rows run in: two controllers and a PostgreSQL server of their own, one worker
 * that reaches each controller through a link which can be cut, and sessions whose transfers are
 * hashed at both ends.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { startSessionProxy } from '../../cli/connect/listener/session-proxy';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../services/dev/embedded-postgres';
import { temporaryDirectory } from '../../services/dev/temporary';
import { startDeployment, type Deployment, type Part } from '../harness/deployment';
import { dial, gone } from '../harness/endpoints';
import { Link } from '../harness/link';
import { freePorts } from '../harness/process';
import { waitFor } from '../harness/wait';
import { transferEndpoint, type Transfer, type TransferEndpoint, type TransferResult } from './transfer';

/**
 * Long enough for the slowest way back: a controller that is silent is given up after 15 s, then
 * back-off.
 */
const RETURN_MS = 90_000;
const DRAIN_SECONDS = 3;
/** Nothing listens there. */
const NOWHERE = 1;

export interface World {
  deployment: Deployment;
  postgres: { stop(): Promise<void>; kill(): Promise<void>; start(): Promise<void> };
  /** The links to the first and the second controller. */
  links: [Link, Link];
  second: Part & { ports: { api: number; cluster: number; ops: number } };
  endpoint: TransferEndpoint;
  killControllers(): Promise<void>;
  startControllers(): Promise<void>;
  /** Asks until the API answers and the condition holds. */
  eventually<T>(what: string, look: () => Promise<T | undefined | false>, timeoutMs?: number): Promise<T>;
  workerHealth(): Promise<any>;
  openSession(): Promise<WorldSession>;
  /** With another worker beside the first while `work` runs. */
  besideAnother<T>(work: (another: Part & { health(): Promise<any> }) => Promise<T>): Promise<T>;
  stop(): Promise<void>;
}

export interface WorldSession {
  sessionId: string;
  token: string;
  /** Sentences that a person at the client would have read. */
  warnings: string[];
  /** Where local clients connect. */
  port: number;
  transfer(): Promise<Transfer>;
  /** A new connection: 'connected', or the sentence of the refusal. */
  attempt(): Promise<string>;
  /**
   * Waits until exactly these transfers stand closed on record, with exact bytes; answers their
   * rows.
   */
  recorded(results: TransferResult[]): Promise<any[]>;
  close(): Promise<void>;
}

export async function startWorld(): Promise<World> {
  const directory = temporaryDirectory('sallyport-world');
  // Durable: what was committed must be there after a crash.
  const database = { dataDir: join(directory, 'pg'), port: 0, durable: true };
  let server: EmbeddedPostgres = await startEmbeddedPostgres(database);
  database.port = server.port;
  const links: Link[] = [];
  const undo = async (): Promise<void> => {
    for (const link of links) await link.close();
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const deployment = await startDeployment({
      database: { url: `postgres://postgres@127.0.0.1:${server.port}/postgres`, drop: () => Promise.resolve() },
      async worker(ports) {
        links.push(await Link.open(ports.cluster), await Link.open(NOWHERE));
        return {
          initial_upstreams: links.map(({ port }) => `127.0.0.1:${port}`),
          drain_timeout: `${DRAIN_SECONDS}s`,
        };
      },
    });
    // Chosen late: a port that is free may soon be somebody's.
    const [api, cluster, ops] = (await freePorts(3)) as [number, number, number];
    const ports = { api, cluster, ops };
    links[1]!.to = cluster;
    const second = Object.assign(await deployment.addController('c2', ports), { ports });
    await second.start();
    const endpoint = await transferEndpoint();
    const postgres = {
      stop: () => server.stop(),
      async kill() {
        server.kill();
        await server.exited;
      },
      start: async () => void (server = await startEmbeddedPostgres(database)),
    };
    return worldOf({ deployment, second, endpoint, postgres, links: links as [Link, Link] }, undo);
  } catch (error) {
    await undo();
    throw error;
  }
}

type Parts = Pick<World, 'deployment' | 'second' | 'endpoint' | 'postgres' | 'links'>;

function worldOf(parts: Parts, undo: () => Promise<void>): World {
  const { deployment, second, endpoint } = parts;
  const eventually: World['eventually'] = (what, look, timeoutMs = RETURN_MS) => {
    let last = '';
    const probe = () =>
      look().catch((error: Error) => {
        last = error.message;
        return undefined;
      });
    return waitFor(what, probe, { timeoutMs, status: () => last });
  };
  const world: World = {
    ...parts,
    eventually,
    async killControllers() {
      await Promise.all([deployment.controller.stop('SIGKILL'), second.live.stop('SIGKILL')]);
    },
    async startControllers() {
      if (deployment.controller.ended) await deployment.startController();
      if (second.live.ended) await second.start();
    },
    workerHealth: () => health(deployment.ports.workerOps),
    openSession: () => openSession(world),
    besideAnother: (work) => besideAnother(deployment, parts.links, work),
    async stop() {
      for (const live of [deployment.controller, second.live, deployment.worker]) live.child.kill('SIGCONT');
      await deployment.stop();
      await endpoint.close();
      await undo();
    },
  };
  return world;
}

const health = (port: number): Promise<any> => fetch(`http://127.0.0.1:${port}/health`).then((answer) => answer.json());

let workers = 1;

async function besideAnother<T>(
  deployment: Deployment,
  links: [Link, Link],
  work: (another: Part & { health(): Promise<any> }) => Promise<T>,
): Promise<T> {
  const [proxy, ops] = (await freePorts(2)) as [number, number];
  const block = { initial_upstreams: links.map(({ port }) => `127.0.0.1:${port}`), drain_timeout: '0s' };
  const part = await deployment.addWorker(`w${++workers}`, { proxy, ops }, block);
  await part.start();
  try {
    return await work(Object.assign(part, { health: () => health(ops) }));
  } finally {
    await part.live.stop();
  }
}

async function openSession(world: World): Promise<WorldSession> {
  const { api, projectId } = world.deployment;
  const target = await api.target(projectId, world.endpoint.port, { session_connection_limit: -1 });
  const authorized = await api.authorize(target.id);
  const warnings: string[] = [];
  const proxy = await startSessionProxy({
    token: authorized.authorization_token,
    listenAddress: '127.0.0.1',
    listenPort: 0,
    onWarning: (text) => warnings.push(text),
  });
  const sessionId = authorized.session_id;
  return {
    sessionId,
    token: authorized.authorization_token,
    warnings,
    port: proxy.port,
    transfer: () => world.endpoint.start(proxy.port),
    attempt: () => attempt(proxy.port, warnings),
    recorded: (results) => recorded(world, sessionId, results),
    close: () => proxy.close(),
  };
}

/** What an attempt sends; the endpoint answers with bytes of its own. */
const ATTEMPT = '0123456789abcdef';

async function attempt(port: number, warnings: string[]): Promise<string> {
  const known = warnings.length;
  const socket = await dial(port);
  socket.write(ATTEMPT);
  const answered = new Promise<string>((resolve) => socket.once('data', () => resolve('connected')));
  const outcome = await Promise.race([answered, gone(socket).then(() => 'reset')]);
  socket.destroy();
  return outcome === 'connected' ? outcome : (warnings[known] ?? outcome);
}

const bytesOf = ({ up, down }: { up: number; down: number }): string => `${up} up, ${down} down`;

function recorded(world: World, sessionId: string, results: TransferResult[]): Promise<any[]> {
  const wanted = results.map(bytesOf).sort();
  return world.eventually(`exactly these rows: ${wanted.join('; ')}`, async () => {
    const session = await world.deployment.api.session(sessionId);
    const rows: any[] = session.connections ?? [];
    const regular = rows.filter((row) => Number(row.bytes_up) > ATTEMPT.length);
    const found = regular.map((row) => bytesOf({ up: Number(row.bytes_up), down: Number(row.bytes_down) })).sort();
    const isWhole = rows.every((row) => row.closed_reason !== undefined && row.cause !== undefined);
    if (isWhole && found.join() === wanted.join()) return regular;
    throw new Error(`on record: ${JSON.stringify(rows, undefined, 1)}`);
  });
}
