/** Two workers that know one session, and clients whose token names them in an order of its own. */
import type { Socket } from 'node:net';
import { startSessionProxy, type SessionProxyOptions } from '../../cli/connect/listener/session-proxy';
import { decodeAuthorizationToken, encodeAuthorizationToken } from '../../lib/transport/authorization-token';
import { dial, echo, endpoint, readAll } from './endpoints';
import { cleanups } from './session-setup';
import { newGrant, startSessionWorker, tokenOf, type SessionWorkerOptions } from './session-worker';

export type Address = { host: string; port: number };
/** Of this machine. */
export const local = (port: number): Address => ({ host: '127.0.0.1', port });
/** As in a token and in messages. */
export const nameOf = ({ host, port }: Address): string => `${host}:${port}`;
/** Answer of a controller. */
export const refusal = (refused: string) => ({ refused, text: '', connectionsLeft: -1, expiresInMs: 0 });

/** A token for the same session with other workers. */
export function withWorkers(token: string, workers: Address[]): string {
  const worker_info = workers.map((worker) => ({ address: nameOf(worker) }));
  return encodeAuthorizationToken({ ...decodeAuthorizationToken(token), worker_info });
}

/** A client's end with what it says to a person and to its log; closed by cleanUp(). */
export async function openProxy(token: string, more: Partial<SessionProxyOptions> = {}) {
  const warnings: string[] = [];
  const lines: string[] = [];
  const proxy = await startSessionProxy({
    token,
    listenAddress: '127.0.0.1',
    listenPort: 0,
    onWarning: (text) => warnings.push(text),
    log: (line) => lines.push(line),
    ...more,
  });
  cleanups.push(() => proxy.close());
  return { proxy, warnings, lines };
}

/** Closed by cleanUp(). */
export async function openEndpoint(handle: (socket: Socket) => void = echo) {
  const target = await endpoint(handle);
  cleanups.push(() => target.close());
  return target;
}

/** Sends bytes before anybody has answered, and answers what came back. */
export async function exchange(port: number, bytes: Buffer): Promise<Buffer> {
  const socket = await dial(port);
  socket.end(bytes);
  return readAll(socket);
}

/** Two workers in this process that know one session. */
export async function pair(options: [SessionWorkerOptions, SessionWorkerOptions] = [{}, {}], connectionLimit = -1) {
  const received: Buffer[] = [];
  const target = await openEndpoint((socket) => {
    void readAll(socket).then(
      (bytes) => {
        if (bytes.length > 0) received.push(bytes);
        socket.end(bytes);
      },
      () => undefined,
    );
  });
  const grant = newGrant(local(target.port), { connectionLimit });
  const workers = [await startSessionWorker(options[0]), await startSessionWorker(options[1])] as const;
  for (const worker of workers) {
    worker.registry.put(grant);
    cleanups.push(() => worker.close());
  }
  const token = tokenOf(
    grant,
    workers.map(({ address }) => address),
  );
  return { first: workers[0], second: workers[1], token, received };
}
