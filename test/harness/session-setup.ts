/**
 * A client proxy in front of a worker in front of an endpoint, and transports of its own kind for
 * hostile peers.
 */
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import {
  startSessionProxy,
  type SessionProxy,
  type SessionProxyOptions,
} from '../../cli/connect/listener/session-proxy';
import { WorkerDialer } from '../../cli/connect/listener/worker-dialer';
import { decodeAuthorizationToken } from '../../lib/transport/authorization-token';
import { encodeFrame, FrameDecoder, FrameType } from '../../lib/transport/frames';
import { Connect } from '../../proto/gen/transport/transport';
import type { ClosedConnection } from '../../services/worker/sessions/types';
import { endpoint, gone, type Endpoint } from './endpoints';
import { newTofuToken, startSessionWorker, type SessionWorker, type SessionWorkerOptions } from './session-worker';
import { waitFor } from './wait';

/** What tests opened, closed in reverse order by {@link cleanUp}. */
export const cleanups: (() => Promise<void>)[] = [];

export async function cleanUp(): Promise<void> {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}

export interface Setup {
  worker: SessionWorker;
  target: Endpoint;
  proxy: SessionProxy;
  sessionId: string;
  token: string;
  warnings: string[];
  left: number[];
}

export async function setUp(
  handle: (socket: Socket) => void,
  more: { worker?: SessionWorkerOptions; proxy?: Partial<SessionProxyOptions>; expiresInMs?: number } = {},
): Promise<Setup> {
  const target = await endpoint(handle);
  cleanups.push(() => target.close());
  const worker = await startSessionWorker(more.worker);
  cleanups.push(() => worker.close());
  const change = more.expiresInMs === undefined ? {} : { expiresInMs: more.expiresInMs };
  const { sessionId, token } = worker.session({ host: '127.0.0.1', port: target.port }, change);
  const warnings: string[] = [];
  const left: number[] = [];
  const proxy = await startSessionProxy({
    token,
    listenAddress: '127.0.0.1',
    listenPort: 0,
    onWarning: (text) => warnings.push(text),
    onConnectionsLeft: (count) => left.push(count),
    ...more.proxy,
  });
  cleanups.push(() => proxy.close());
  return { worker, target, proxy, sessionId, token, warnings, left };
}

export async function transportOf(token: string): Promise<TLSSocket> {
  const dialer = new WorkerDialer(decodeAuthorizationToken(token));
  return (await dialer.dial(new AbortController().signal)).socket;
}

export const connectFrame = (): Buffer =>
  encodeFrame(FrameType.connect, Connect.encode({ tofu_token: newTofuToken() }).finish());

/** Control frames that a transport answers with until it closes. */
export async function answers(socket: TLSSocket): Promise<{ type: FrameType; payload: Buffer }[]> {
  const frames: { type: FrameType; payload: Buffer }[] = [];
  const decoder = new FrameDecoder({ data() {}, control: (type, payload) => frames.push({ type, payload }) });
  socket.on('data', (chunk: Buffer) => decoder.push(chunk));
  await gone(socket);
  return frames;
}

export const closes = (worker: SessionWorker, count: number): Promise<ClosedConnection[]> =>
  waitFor(`${count} closes`, () => worker.controller.closed.length >= count && worker.controller.closed, {
    status: () => JSON.stringify(worker.controller.closed),
  });
