/** Files of the cache, all below a directory that only its owner can enter. */
import { homedir } from 'node:os';
import { join } from 'node:path';

export interface CachePaths {
  directory: string;
  socketDirectory: string;
  /** Unix socket. */
  socket: string;
  /** Process id of the running cache. */
  pid: string;
  log: string;
}

export function cachePaths(env: NodeJS.ProcessEnv): CachePaths {
  const directory = join(env.HOME || homedir(), '.sallyport');
  const socketDirectory = join(directory, 'socket');
  return {
    directory,
    socketDirectory,
    socket: join(socketDirectory, 'daemon.sock'),
    pid: join(directory, 'cache.pid'),
    log: join(directory, 'cache.log'),
  };
}
