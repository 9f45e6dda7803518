/**
 * A simulated worker process: the real registry, control client, spool and connections over
 * simulated networks.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import type { Logger } from '../../lib/log/log';
import { FrameDecoder, FrameType } from '../../lib/transport/frames';
import { Transport } from '../../lib/transport/transport';
import { ControlClient } from '../../services/worker/control/control-client';
import type { Dialed, DialFailure, Dialing } from '../../services/worker/proxy/dial';
import { createProxyMetrics } from '../../services/worker/proxy/metrics';
import { ConnectionPlaces } from '../../services/worker/proxy/connection-places';
import { serveConnection, type ConnectionDeps } from '../../services/worker/proxy/sallyport-protocol';
import { SessionRegistry } from '../../services/worker/sessions/registry';
import type { Controller } from '../../services/worker/sessions/types';
import { simulatedClient, type Link } from './control-network';
import type { SimEndpoint } from './endpoint';
import type { Process } from './process';
import type { SimSocket } from './socket';
import type { Connection, Truth } from './truth';

const DRAIN_LOOK_MS = 10;
const LAST_REPORTS_MS = 2_000;
/** Shorter than in production, so that a dead peer is found within the life of a world. */
export const SIM_KEEPALIVE_MS = 1_500;
const DIAL_TIMEOUT_MS = 2_000;
const metrics = createProxyMetrics(new Registry());

export interface WorkerWorld {
  truth: Truth;
  log: Logger;
  /** Opens a control stream to the controller of that number. */
  openLink(worker: SimWorker, controller: number): Link;
  controllers: number;
  storageOf(workerId: string): string;
  isDeleted(workerId: string): boolean;
}

export class SimWorker {
  readonly registry: SessionRegistry;
  readonly control: ControlClient;
  readonly sockets = new Set<SimSocket>();
  link: Link | undefined;
  /** As a worker of another release with a fault: closes get lost here. */
  forgetsCloses = false;
  isDraining = false;
  /** Virtual time since which it has a stream; Infinity while it has none. */
  attachedSince = Infinity;
  /** It drained for as long as it was told to. */
  isPastDeadline = false;
  private readonly places = new ConnectionPlaces();

  constructor(
    readonly workerId: string,
    readonly process: Process,
    private readonly world: WorkerWorld,
  ) {
    const { clock, random } = process;
    const { log } = world;
    this.registry = new SessionRegistry(clock, (...asked) => this.control.findSession(...asked));
    this.control = new ControlClient({
      ...{ releaseVersion: 'sim', description: '', tags: {}, clock, log, registry: this.registry },
      upstreams: Array.from({ length: world.controllers }, (_, port) => ({ host: 'controller', port })),
      storagePath: world.storageOf(workerId),
      address: () => `${workerId}:9202`,
      isDraining: () => this.isDraining,
      connect: ({ port }) => simulatedClient(() => (this.link = world.openLink(this, port))),
      random: random.below,
    });
    this.control.start();
  }

  get isQuiet(): boolean {
    return this.registry.connectionCount() === 0 && this.control.unacknowledged === 0;
  }

  /** A client's transport arrives; what the proxy does once the session is known. */
  accept(socket: SimSocket, sessionId: string, endpoint: SimEndpoint): void {
    if (this.isPastDeadline) return void socket.resetAndDestroy();
    this.hold(socket);
    this.registry.get(sessionId).then(
      (session) => {
        if (!this.process.isAlive || socket.destroyed) return;
        if (session === undefined) return void socket.destroy();
        const connection = this.world.truth.begin(this, session);
        this.watch(socket, connection);
        const open = (handler: Transport['handler']) =>
          watchOk(new Transport(socket, handler, this.process.clock, SIM_KEEPALIVE_MS), connection);
        serveConnection(socket, open, session, this.deps(connection, endpoint));
      },
      () => socket.destroy(),
    );
  }

  /**
   * SIGTERM: takes nothing new, lets connections go on until the deadline, then cuts, reports and
   * leaves.
   */
  async close(deadlineMs: number): Promise<void> {
    const { clock } = this.process;
    this.isDraining = true;
    this.control.announceDraining();
    const deadline = clock.now().getTime() + deadlineMs;
    while (this.registry.connectionCount() > 0 && clock.now().getTime() < deadline) {
      await new Promise<void>((resolve) => clock.after(DRAIN_LOOK_MS, resolve));
    }
    this.isPastDeadline = true;
    this.registry.cutAll({ closedBy: 'worker', cause: 'worker drain' });
    const end = clock.now().getTime() + LAST_REPORTS_MS;
    while (!this.isQuiet && clock.now().getTime() < end) {
      await new Promise<void>((resolve) => clock.after(DRAIN_LOOK_MS, resolve));
    }
    this.registry.close();
    await this.control.close();
    this.endSockets();
  }

  /**
   * SIGKILL, or the end of its host: nothing is said, and what was being written to the spool may
   * be cut short.
   */
  kill(isTorn: boolean): void {
    this.process.kill();
    const spool = this.control['spool'];
    const isWriting = spool['unwritten'].size > 0;
    // The system closes what a dead process had open.
    spool['closeFile']();
    if (isTorn && isWriting)
      appendFileSync(join(this.world.storageOf(this.workerId), 'closes.spool'), '{"sequence":"9');
    const { random } = this.process;
    this.link?.break(0, random.chance(0.7) ? random.between(0, 5) : random.between(0, 15_000));
    this.endSockets();
  }

  private endSockets(): void {
    for (const socket of this.sockets) socket.dieWithProcess();
  }

  private hold(socket: SimSocket): void {
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
  }

  /** Counts the payload that the kernel takes towards the client. */
  private watch(socket: SimSocket, connection: Connection): void {
    const decoder = new FrameDecoder({
      data: (chunk) => this.world.truth.delivered(connection, 'down', chunk.length),
      control: () => undefined,
    });
    socket.onAccepted = (chunk) => decoder.push(Buffer.from(chunk));
  }

  private deps(connection: Connection, endpoint: SimEndpoint): ConnectionDeps {
    const { truth, log } = this.world;
    const controller: Controller = {
      authorizeConnection: async (request) => {
        truth.asked(connection, request);
        const at = this.process.scheduler.now;
        const answer = await this.control.authorizeConnection(request).catch((error: unknown) => {
          connection.overAt = this.process.scheduler.now;
          throw error;
        });
        truth.answered(connection, answer, { at, isWorkerDeleted: this.world.isDeleted(this.workerId) });
        return answer;
      },
      endSession: (id, token) => this.control.endSession(id, token),
      connectionClosed: (closed) => {
        truth.reported(connection, closed);
        if (this.forgetsCloses) {
          connection.isForgotten = true;
          return;
        }
        this.control.connectionClosed(closed);
      },
    };
    return {
      ...{
        controller,
        places: this.places,
        clock: this.process.clock,
        log,
        metrics,
        random: this.process.random.below,
      },
      endSession: (id, end) => this.registry.end(id, end),
      isDraining: () => this.isDraining,
      dial: () => this.dial(endpoint, connection),
    };
  }

  private dial(endpoint: SimEndpoint, connection: Connection): Dialing {
    let settle: (result: Dialed | DialFailure) => void = () => undefined;
    const result = new Promise<Dialed | DialFailure>((resolve) => (settle = resolve));
    let isOver = false;
    const finish = (end: Dialed | DialFailure) => {
      if (isOver) return;
      isOver = true;
      settle(end);
    };
    const { process } = this;
    process.later(DIAL_TIMEOUT_MS, '', () => finish({ cause: 'dial timeout', closedBy: 'worker', error: 'ETIMEDOUT' }));
    process.later(endpoint.dialMs, '', () => {
      if (isOver || endpoint.answer === 'nothing') return;
      if (endpoint.answer === 'refuses')
        return finish({ cause: 'dial refused', closedBy: 'endpoint', error: 'ECONNREFUSED' });
      const socket = endpoint.connect(process);
      this.hold(socket);
      socket.onAccepted = (chunk) => this.world.truth.delivered(connection, 'up', chunk.length);
      finish({ socket, latencyUs: 1 });
    });
    const giveUp = () => finish({ cause: 'dial unreachable', closedBy: 'worker', error: 'dial given up' });
    return { result, giveUp };
  }
}

/** Tells the truth when a client is told that its connection stands. */
function watchOk(transport: Transport, connection: Connection): Transport {
  const send = transport.send.bind(transport);
  transport.send = (type, payload, written) => {
    if (type === FrameType.connectOk) connection.stands();
    send(type, payload, written);
  };
  return transport;
}
