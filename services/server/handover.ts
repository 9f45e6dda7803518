/**
 * SIGUSR2: the next process of a worker takes over while the earlier ones drain. The first process
 * stays the main one, for systemd and for signals, also when it serves no more.
 *
 *     start the next one ──▶ it attaches, then accepts ──▶ the present one stops accepting,
 *                       │                                  drains, ends
 *                       └──▶ it fails: the present one goes on
 */
import type { Logger } from '../../lib/log/log';
import type { RunningWorker, WorkerSockets } from '../worker/main';
import { NoSuccessor, startSuccessor, type Successor } from './successor';

/** A process of the worker. */
interface Generation {
  readonly bootId: string;
  sockets(): WorkerSockets;
  /** Drains beside the next one; resolves when nothing of it is left. */
  handOver(): Promise<void>;
  goOn(): void;
  processEnded(bootId: string): void;
  stop(): Promise<void>;
  kill(): void;
}

interface HandoverDeps {
  log: Logger;
  env: NodeJS.ProcessEnv;
  drainMs: number;
}

export class Handover {
  private readonly first: Generation;
  private present: Generation;
  /** Earlier processes that drain. */
  private readonly leaving = new Map<Generation, Promise<void>>();
  private starting: Promise<void> | undefined;
  private killStarting: () => void = () => {};
  private isClosing = false;
  /** The process that starts may have read the file before it was changed. */
  private isReloadDue = false;
  /** Resolves when the process that serves ends unexpectedly. */
  readonly failed: Promise<string>;
  private fail: (text: string) => void = () => {};

  constructor(
    private readonly worker: RunningWorker,
    private readonly deps: HandoverDeps,
  ) {
    this.first = this.present = ownProcess(worker, deps.drainMs);
    this.failed = new Promise((resolve) => (this.fail = resolve));
  }

  /** Starts the next process, unless one is starting. Never throws. */
  begin(): void {
    if (this.isClosing) return;
    if (this.starting !== undefined) {
      this.deps.log.warn('the next process of this worker is starting already');
      return;
    }
    this.starting = this.next().finally(() => (this.starting = undefined));
  }

  /** Passes SIGHUP on to the process that serves; false when that is this one. */
  reload(): boolean {
    this.isReloadDue = this.starting !== undefined;
    if (this.present === this.first) return false;
    (this.present as OtherProcess).tell({ type: 'signal', name: 'SIGHUP' });
    return true;
  }

  /** Stops all processes. Those that drain may go on until their deadline. */
  async close(): Promise<void> {
    this.isClosing = true;
    this.killStarting();
    await this.starting;
    await Promise.all([this.present.stop(), ...this.leaving.values()]);
  }

  /** Kills what close() would wait for. */
  force(): void {
    this.killStarting();
    for (const generation of [this.present, ...this.leaving.keys()]) generation.kill();
  }

  private async next(): Promise<void> {
    const { log, env } = this.deps;
    const drainingBootIds = [this.present, ...this.leaving.keys()].map(({ bootId }) => bootId);
    log.info('the next process of this worker starts');
    this.isReloadDue = false;
    let successor: Successor;
    try {
      successor = await startSuccessor({
        sockets: this.present.sockets(),
        takesOver: { proxyAddress: this.worker.proxyAddress, drainingBootIds },
        env,
        started: (kill) => (this.killStarting = kill),
      });
    } catch (error) {
      log.error({ err: error }, 'the next process of this worker did not get ready: the present one goes on');
      if (error instanceof NoSuccessor && error.hasSaidHello) this.present.goOn();
      return;
    } finally {
      this.killStarting = () => {};
    }
    this.replace(otherProcess(successor), drainingBootIds);
    log.info({ pid: successor.pid }, 'the next process of this worker serves; the former one drains');
    void successor.exited.then((how) => this.ended(successor.bootId, how));
  }

  private replace(successor: Generation, drainingBootIds: string[]): void {
    const former = this.present;
    this.present = successor;
    const leaving = former.handOver().catch((error: unknown) => {
      this.deps.log.error({ err: error }, 'a process of this worker did not end in order');
    });
    const gone = leaving.then(() => {
      this.leaving.delete(former);
      this.present.processEnded(former.bootId);
    });
    this.leaving.set(former, gone);
    // Those that ended while it started.
    const live = new Set([...this.leaving.keys()].map(({ bootId }) => bootId));
    for (const bootId of drainingBootIds) if (!live.has(bootId)) successor.processEnded(bootId);
    if (this.isReloadDue) this.reload();
  }

  private ended(bootId: string, how: string): void {
    if (!this.isClosing && this.present.bootId === bootId) {
      this.fail(`the worker process ended ${how}; see its log above`);
    }
  }
}

/** The first process: the worker runs in the main process itself. */
const ownProcess = (worker: RunningWorker, drainMs: number): Generation => ({
  bootId: worker.bootId,
  sockets: () => worker.sockets(),
  async handOver() {
    await worker.handOver(drainMs);
    await worker.close();
  },
  goOn: () => worker.goOn(),
  processEnded: (bootId) => worker.processEnded(bootId),
  async stop() {
    await worker.drain(drainMs);
    await worker.close();
  },
  // It ends with the main process.
  kill: () => undefined,
});

interface OtherProcess extends Generation {
  tell: Successor['tell'];
}

const otherProcess = (successor: Successor): OtherProcess => ({
  bootId: successor.bootId,
  tell: (message) => successor.tell(message),
  sockets: () => successor.sockets(),
  async handOver() {
    successor.release();
    successor.tell({ type: 'handed over' });
    await successor.exited;
  },
  goOn: () => successor.tell({ type: 'go on' }),
  processEnded: (bootId) => successor.tell({ type: 'process ended', bootId }),
  async stop() {
    successor.release();
    successor.tell({ type: 'signal', name: 'SIGTERM' });
    await successor.exited;
  },
  kill: () => successor.kill(),
});
