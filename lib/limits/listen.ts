/**
 * Every TCP port that strangers reach is opened here: the queue of connections that wait to be
 * accepted has a length that a flood does not fill at once.
 */
import type { Server } from 'node:net';
import { limit } from './limit';

const BACKLOG = limit('connections to be accepted', 4_096, {
  what: 'connections to one port that the system keeps until the process accepts them; net.core.somaxconn may be lower',
  unit: 'connections',
  reached: 'the system answers further ones not at all, and they are tried again by their senders',
  test: 'test/integration/listening.test.ts: the system keeps as many connections as we ask for',
});

/** An address, or a descriptor that somebody else has bound. */
export type ListenWhere = { host: string; port: number } | { fd: number };

/** Resolves when the port is open; rejects with the error of the system, such as EADDRINUSE. */
export function listenOn(server: Server, where: ListenWhere): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ ...where, backlog: BACKLOG }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
