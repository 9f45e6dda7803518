/**
 * The next process of a worker, from the view of the main process: the same command once more, with
 * the listening sockets.
 */
import { spawn, type ChildProcess, type SendHandle } from 'node:child_process';
import type { ListeningSocket } from '../../lib/lifecycle/listening-socket';
import type { WorkerSockets } from '../worker/main';
import { TAKES_OVER, type FromSuccessor, type TakesOver, type ToSuccessor } from './handover-messages';

/**
 * The time from the start of the process until it accepts. A controller must have welcomed it by
 * then.
 */
const READY_TIMEOUT_MS = 30_000;
/**
 * Only the new process knows its own id, which LISTEN_PID must have. The command therefore replaces
 * a shell.
 */
const SHELL = 'LISTEN_PID=$$; export LISTEN_PID; exec "$@"';

export interface Successor {
  readonly bootId: string;
  readonly pid: number;
  /** The sockets as the process has passed them back. They stay open when it ends. */
  sockets(): WorkerSockets;
  tell(message: ToSuccessor): void;
  /** Settles when the process has ended, in whatever way. */
  readonly exited: Promise<string>;
  kill(): void;
  /** Closes the sockets that are kept here. */
  release(): void;
}

/** The process did not get ready, and has ended. */
export class NoSuccessor extends Error {
  override name = 'NoSuccessor';

  constructor(
    message: string,
    /** Controllers may take it for the worker. */
    readonly hasSaidHello: boolean,
  ) {
    super(message);
  }
}

export interface Succession {
  sockets: WorkerSockets;
  takesOver: TakesOver;
  env: NodeJS.ProcessEnv;
  /** Called with the function that ends the process while it starts. */
  started(kill: () => void): void;
}

/** Resolves when the process serves; rejects with {@link NoSuccessor}. */
export async function startSuccessor(succession: Succession): Promise<Successor> {
  const child = launch(succession);
  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal === null ? `with code ${code}` : `by signal ${signal}`));
    child.on('error', (error) => resolve(error.message));
  });
  const kill = (): void => void child.kill('SIGKILL');
  succession.started(kill);
  const heard = { hasSaidHello: false, sockets: {} as { proxy?: KeptSocket; ops?: KeptSocket } };
  const release = (): void => [heard.sockets.proxy, heard.sockets.ops].forEach((socket) => socket?.close());
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    kill();
  }, READY_TIMEOUT_MS);
  try {
    const bootId = await new Promise<string>((resolve, reject) => {
      child.on('message', (message: FromSuccessor, handle?: SendHandle) => {
        if (message.type === 'attaching') heard.hasSaidHello = true;
        else if (message.type === 'socket') heard.sockets[message.name] = handle as unknown as KeptSocket;
        else if (message.type === 'ready') resolve(message.bootId);
      });
      void exited.then((how) => {
        const text = isLate ? `was not ready within ${READY_TIMEOUT_MS / 1_000} s` : `ended ${how}`;
        reject(new NoSuccessor(`the next process ${text}`, heard.hasSaidHello));
      });
    });
    return {
      bootId,
      pid: child.pid!,
      sockets: () => ({ proxy: heard.sockets.proxy, ops: heard.sockets.ops }),
      // The process may end at any time; `exited` reports that.
      tell: (message) => void (child.connected && child.send(message, () => undefined)),
      exited,
      kill,
      release,
    };
  } catch (error) {
    release();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

interface KeptSocket extends ListeningSocket {
  close(): void;
}

function launch({ sockets: { proxy, ops }, takesOver, env }: Succession): ChildProcess {
  const passed = [proxy, ops].filter((socket) => socket !== undefined);
  const command = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  return spawn('/bin/sh', ['-c', SHELL, 'sh', ...command], {
    stdio: ['ignore', 'inherit', 'inherit', ...passed.map(({ fd }) => fd), 'ipc'],
    env: {
      ...env,
      LISTEN_FDS: String(passed.length),
      LISTEN_FDNAMES: ops === undefined ? 'proxy' : 'proxy:ops',
      [TAKES_OVER]: JSON.stringify(takesOver),
    },
  });
}
