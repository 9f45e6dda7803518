/**
 * Listening sockets that the parent process passes, by the protocol of sd_listen_fds(3). LISTEN_PID
 * names the process that they are for, LISTEN_FDS counts descriptors from 3 on, and LISTEN_FDNAMES
 * names them. The parent keeps them open as well, so that connects wait in their queue while one
 * worker follows another.
 */
import { fstatSync } from 'node:fs';
import { StartFailure } from './start-failure';

const FIRST_FD = 3;
/** Names to give to the sockets where there are several: `FileDescriptorName=proxy`. */
const PROXY = 'proxy';
const OPS = 'ops';

export interface InheritedSockets {
  proxy: number;
  ops: number | undefined;
}

/**
 * The descriptors by their use; undefined when none is for this process. Removes the variables from
 * `env`.
 */
export function inheritedSockets(env: NodeJS.ProcessEnv, pid = process.pid): InheritedSockets | undefined {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES } = env;
  // Processes that this one starts must not use them.
  delete env['LISTEN_PID'];
  delete env['LISTEN_FDS'];
  delete env['LISTEN_FDNAMES'];
  if (LISTEN_PID !== String(pid) || LISTEN_FDS === undefined || LISTEN_FDS === '0') return undefined;
  const found = indexesOf(LISTEN_FDS, LISTEN_FDNAMES?.split(':') ?? []);
  return { proxy: socketAt(found.proxy), ops: found.ops === undefined ? undefined : socketAt(found.ops) };
}

function indexesOf(count: string, names: string[]): { proxy: number; ops: number | undefined } {
  if (count === '1') return { proxy: 0, ops: undefined };
  const proxy = names.indexOf(PROXY);
  const ops = names.indexOf(OPS);
  if (/^[1-9]\d{0,3}$/.test(count) && proxy >= 0 && Math.max(proxy, ops) < Number(count)) {
    return { proxy, ops: ops < 0 ? undefined : ops };
  }
  throw new StartFailure(
    `LISTEN_FDS: one socket, or several with one named "${PROXY}" in LISTEN_FDNAMES (FileDescriptorName=${PROXY})`,
  );
}

function socketAt(index: number): number {
  const fd = FIRST_FD + index;
  if (!isSocket(fd)) throw new StartFailure(`LISTEN_FDS: descriptor ${fd} must be a listening TCP socket`);
  return fd;
}

function isSocket(fd: number): boolean {
  try {
    return fstatSync(fd).isSocket();
  } catch {
    return false;
  }
}
