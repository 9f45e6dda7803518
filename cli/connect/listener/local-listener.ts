/** Where local programs connect. */
import type { Server } from 'node:net';
import { listenOn } from '../../../lib/limits/listen';

export interface LocalPort {
  /** 0: the suggested one if it is free, else any. */
  wanted: number;
  /** Of the target; 0 is none. */
  suggested: number;
}

/**
 * False when the suggested port was wanted but not free, and another one was taken. Rejects with
 * the error of listening.
 */
export async function listenLocally(server: Server, host: string, { wanted, suggested }: LocalPort): Promise<boolean> {
  if (wanted !== 0 || suggested === 0) {
    await listenOn(server, { host, port: wanted });
    return true;
  }
  try {
    await listenOn(server, { host, port: suggested });
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error;
    await listenOn(server, { host, port: 0 });
    return false;
  }
}
