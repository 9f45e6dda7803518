/** Starts a data process as a child, with its configuration as the first message. */
import { spawn, type SendHandle } from 'node:child_process';
import net, { type Socket } from 'node:net';
import { packageFile } from '../../../lib/config/package-root';
import { bareEnvironment } from '../../../lib/config/variables';
import type { ListeningSocket } from '../../../lib/lifecycle/listening-socket';
import { socketPath } from './data-process';
import type { DataProcessStarted, StartDataProcess } from './main';

const START_TIMEOUT_MS = 30_000;
/** Descriptor of the listening socket, behind the standard ones and the channel. */
const LISTEN_FD = 4;

/** A listening socket that is only kept, to be passed on. */
export interface KeptSocket extends ListeningSocket {
  close(): void;
}

export interface Launched {
  readonly pid: number;
  readonly address: { host: string; port: number };
  readonly listener: KeptSocket | undefined;
  /** Settles when the process has ended. */
  readonly exited: Promise<string>;
  kill(): void;
  /** This process does not wait for its end. */
  leave(): void;
}

/**
 * Rejects when the process does not listen; with the code of the system where it told one, such as
 * EADDRINUSE.
 */
export async function launch({ config, log }: StartDataProcess): Promise<Launched> {
  const { fd } = config.proxy;
  const child = spawn(process.execPath, [packageFile('dist', 'data.cjs')], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc', ...(fd === undefined ? [] : [fd])],
    env: bareEnvironment(process.env),
  });
  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal === null ? `with code ${code}` : `by signal ${signal}`));
    child.once('error', (error) => resolve(error.message));
  });
  const kill = (): void => void child.kill('SIGKILL');
  const timer = setTimeout(kill, START_TIMEOUT_MS);
  const proxy = { ...config.proxy, fd: fd === undefined ? undefined : LISTEN_FD };
  child.send({ config: { ...config, proxy }, log } satisfies StartDataProcess, () => undefined);
  try {
    return await new Promise<Launched>((resolve, reject) => {
      child.once('message', (message: DataProcessStarted, handle?: SendHandle) => {
        if (message.type === 'failed') {
          reject(Object.assign(new Error(message.error.message), message.error));
          return;
        }
        const listener = handle as unknown as KeptSocket | undefined;
        resolve({ pid: child.pid!, address: message, listener, exited, kill, leave: () => child.unref() });
        child.disconnect();
      });
      void exited.then((how) => reject(new Error(`a data process of this worker ended ${how} before it listened`)));
    });
  } finally {
    clearTimeout(timer);
  }
}

/** A link to a data process; undefined when nobody listens there. */
export function dialProcess(directory: string, name: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = net.connect(socketPath(directory, name));
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => resolve(undefined));
  });
}
