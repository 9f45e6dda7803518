/** The socket below a listening server, to be passed to another process. */
import type { Server } from 'node:net';

export interface ListeningSocket {
  readonly fd: number;
}

/**
 * Undefined when the server does not listen. Node passes such sockets between processes, but has no
 * public name for them.
 */
export const listeningSocket = (server: Server): ListeningSocket | undefined =>
  (server as unknown as { _handle: ListeningSocket | null })._handle ?? undefined;
