/**
 * A worker's proxy port in a process of its own, so that its memory can be measured and the load
 * comes from outside.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { decodeAuthorizationToken } from '../../lib/transport/authorization-token';
import { grantOf, startSessionWorker, type SessionWorkerOptions } from './session-worker';

export interface WorkerState {
  address: { host: string; port: number };
  /**
   * After a garbage collection, bytes: all of the process, and what buffers hold outside of the
   * heap.
   */
  rss: number;
  external: number;
  /** Open file descriptors. */
  descriptors: number;
  connections: number;
  authorized: number;
  closed: number;
  bytesUp: number;
  bytesDown: number;
  /** Closes by cause. */
  causes: Record<string, number>;
  /** Text of /metrics. */
  metrics: string;
}

interface Session {
  sessionId: string;
  token: string;
}

type Request =
  | { type: 'session'; port: number }
  | { type: 'join'; token: string }
  | { type: 'hang' }
  | { type: 'state' }
  | { type: 'cut' };

export class WorkerChild {
  private last: Promise<unknown> = Promise.resolve();

  private constructor(private readonly child: ChildProcess) {}

  static async start(options: SessionWorkerOptions = {}): Promise<WorkerChild> {
    const child = fork(__filename, [JSON.stringify(options)], {
      execArgv: ['-r', 'esbuild-register', '--expose-gc'],
      cwd: `${__dirname}/../..`,
    });
    const worker = new WorkerChild(child);
    await worker.answer();
    return worker;
  }

  get pid(): number {
    return this.child.pid!;
  }

  session(port: number): Promise<Session> {
    return this.ask({ type: 'session', port }) as Promise<Session>;
  }

  /** Serves the session of a token that another worker has made. */
  async join(token: string): Promise<void> {
    await this.ask({ type: 'join', token });
  }

  /** From now on no controller answers. */
  async hang(): Promise<void> {
    await this.ask({ type: 'hang' });
  }

  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.child.kill(name);
  }

  state(): Promise<WorkerState> {
    return this.ask({ type: 'state' }) as Promise<WorkerState>;
  }

  /** Cuts all connections. */
  async cut(): Promise<void> {
    await this.ask({ type: 'cut' });
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await gone;
  }

  /** One question at a time: answers carry no id. */
  private ask(request: Request): Promise<unknown> {
    const asked = this.last.then(() => {
      this.child.send(request);
      return this.answer();
    });
    this.last = asked.catch(() => undefined);
    return asked;
  }

  private answer(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const ended = () => reject(new Error('the worker process ended'));
      this.child.once('exit', ended);
      this.child.once('message', (message) => {
        this.child.off('exit', ended);
        resolve(message);
      });
    });
  }
}

async function serve(options: SessionWorkerOptions): Promise<void> {
  const worker = await startSessionWorker(options);
  const { readdirSync } = await import('node:fs');
  const tally = { authorized: 0, closed: 0, bytesUp: 0, bytesDown: 0, causes: {} as Record<string, number> };
  /** Sums up what the recorder has, so that its lists are no growth of the worker. */
  const fold = (): void => {
    tally.authorized += worker.controller.authorized.splice(0).length;
    for (const { cause, bytesUp, bytesDown } of worker.controller.closed.splice(0)) {
      tally.causes[cause] = (tally.causes[cause] ?? 0) + 1;
      tally.closed++;
      tally.bytesUp += bytesUp;
      tally.bytesDown += bytesDown;
    }
  };
  setInterval(fold, 500);
  const state = async (): Promise<WorkerState> => {
    fold();
    globalThis.gc?.();
    const { rss, external } = process.memoryUsage();
    return {
      address: worker.address,
      ...{ rss, external, ...tally },
      descriptors: readdirSync('/proc/self/fd').length,
      connections: worker.registry.connectionCount(),
      metrics: await worker.metrics.metrics(),
    };
  };
  const answer = async (request: Request): Promise<unknown> => {
    if (request.type === 'session') return worker.session({ host: '127.0.0.1', port: request.port });
    if (request.type === 'state') return state();
    if (request.type === 'join') return void worker.registry.put(grantOf(decodeAuthorizationToken(request.token)));
    if (request.type === 'hang') return void (worker.controller.authorize = () => new Promise(() => undefined));
    worker.registry.cutAll({ closedBy: 'admin', cause: 'canceled' });
    return {};
  };
  process.on('message', (request: Request) => void answer(request).then((message) => process.send!(message ?? {})));
  process.on('disconnect', () => process.exit());
  process.send!('ready');
}

if (require.main === module) void serve(JSON.parse(process.argv[2]!) as SessionWorkerOptions);
