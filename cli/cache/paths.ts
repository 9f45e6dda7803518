/** Files of the cache, all below a directory that only its owner can enter. */
import { join } from 'node:path';
import { homeOf, localSocket } from '../../lib/platform/system';

export interface CachePaths {
  directory: string;
  socketDirectory: string;
  /** Unix socket, or a named pipe. */
  socket: string;
  /** Process id of the running cache. */
  pid: string;
  log: string;
}

export function cachePaths(env: NodeJS.ProcessEnv): CachePaths {
  const directory = join(homeOf(env), '.sallyport');
  const socketDirectory = join(directory, 'socket');
  return {
    directory,
    socketDirectory,
    socket: localSocket(join(socketDirectory, 'daemon.sock')),
    pid: join(directory, 'cache.pid'),
    log: join(directory, 'cache.log'),
  };
}
