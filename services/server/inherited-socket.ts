/**
 * A listening socket from whoever started this process, by the protocol of sd_listen_fds(3): LISTEN_PID names the
 * process that is meant, LISTEN_FDS counts descriptors from 3 on, LISTEN_FDNAMES names them. The one who passes it keeps
 * it, so that connects wait in its queue while one worker follows another.
 */
import { fstatSync } from 'node:fs';
import { StartFailure } from './start-failure';

const FIRST_FD = 3;
/** Name to give to the socket among several: `FileDescriptorName=proxy`. */
const NAME = 'proxy';

/** The descriptor for the proxy port; undefined when none is meant for this process. Takes the variables out of `env`. */
export function inheritedSocket(env: NodeJS.ProcessEnv, pid = process.pid): number | undefined {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES } = env;
  // Processes that this one starts must not take them for theirs.
  delete env['LISTEN_PID'];
  delete env['LISTEN_FDS'];
  delete env['LISTEN_FDNAMES'];
  if (LISTEN_PID !== String(pid) || LISTEN_FDS === undefined || LISTEN_FDS === '0') return undefined;
  const fd = FIRST_FD + indexOf(LISTEN_FDS, LISTEN_FDNAMES);
  if (!isSocket(fd)) throw new StartFailure(`LISTEN_FDS: descriptor ${fd} must be a listening TCP socket`);
  return fd;
}

function indexOf(count: string, names: string | undefined): number {
  if (count === '1') return 0;
  const index = names?.split(':').indexOf(NAME) ?? -1;
  if (/^[1-9]\d{0,3}$/.test(count) && index >= 0 && index < Number(count)) return index;
  throw new StartFailure(
    `LISTEN_FDS: one socket, or several with one named "${NAME}" in LISTEN_FDNAMES (FileDescriptorName=${NAME})`,
  );
}

function isSocket(fd: number): boolean {
  try {
    return fstatSync(fd).isSocket();
  } catch {
    return false;
  }
}
