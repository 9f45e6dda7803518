/**
 * One end of a session as a process of its own: the worker's proxy port without a controller, or
 * the client's proxy.
 */
import { startSessionProxy } from '../cli/connect/listener/session-proxy';
import { startSessionWorker } from '../test/harness/session-worker';
import { serve, startProgram, type Program } from './harness/children';

type Order = { role: 'worker'; endpoint: { host: string; port: number } } | { role: 'client'; token: string };

interface Ready {
  port: number;
  /** Of the worker: for its client. */
  token?: string;
}

async function start(order: Order): Promise<Ready> {
  if (order.role === 'worker') {
    const worker = await startSessionWorker();
    const { token } = worker.session(order.endpoint);
    return { port: worker.address.port, token };
  }
  const { port } = await startSessionProxy({ token: order.token, listenAddress: '127.0.0.1', listenPort: 0 });
  return { port };
}

/** The client's proxy alone. */
export const startClient = (token: string): Promise<Program<Ready>> =>
  startProgram<Ready>(__filename, { role: 'client', token });

/** A session to an endpoint of this machine: what listens, and the two processes. */
export async function startSession(endpoint: number): Promise<{ port: number; programs: Program<Ready>[] }> {
  const worker = await startProgram<Ready>(__filename, {
    role: 'worker',
    endpoint: { host: '127.0.0.1', port: endpoint },
  });
  const client = await startClient(worker.ready.token!);
  return { port: client.ready.port, programs: [client, worker] };
}

if (require.main === module) serve(start);
