/**
 * Counts the requests of an HTTP/1.1 port. Each takes its room before it is looked at. Requests of
 * one connection are served in turn, so a peer that reads no answers gets only one. An answer must
 * be read within a deadline.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { REFUSED } from './intake';
import { limit } from './limit';
import type { Held, PortShares, RequestFacts } from './port-shares';

/** Beside the one that is served. */
const MAX_PIPELINED = limit('pipelined HTTP requests', 16, {
  what: 'requests that wait on one HTTP/1.1 connection behind the one that is served',
  unit: 'requests',
  reached: 'the connection is closed',
  test: 'services/controller/listeners/api-shares.test.ts: a connection has a number of requests in waiting',
});

export interface HttpRequestsOptions {
  shares: PortShares;
  /** Who calls, as far as the headers tell. */
  factsOf?: ((request: IncomingMessage) => Omit<RequestFacts, 'drop'>) | undefined;
  /** How long the peer may take to read an answer, ms. */
  answerTimeoutMs: number;
  /** Answers a request that there is no room for. */
  refuse: (response: ServerResponse) => void;
  /** Told of requests that were refused or cut. */
  refused: (reason: string) => void;
}

export type CountedListener = (request: IncomingMessage, response: ServerResponse, held: Held) => void;

export function countRequests(listener: CountedListener, options: HttpRequestsOptions): RequestListener {
  /** Of each connection. */
  const latest = new WeakMap<object, ServerResponse>();
  return (request, response) => {
    const { socket } = request;
    const cut = (reason: string): void => {
      options.refused(reason);
      socket.destroy();
    };
    const peer = options.shares.peerOf(socket);
    if (peer === undefined || socket.destroyed) return void socket.destroy();
    if (peer.openRequests > MAX_PIPELINED) return cut('too many pipelined requests');
    const facts = options.factsOf?.(request) ?? {};
    const held = peer.open({ ...facts, drop: () => cut('gave way to others') });
    if (typeof held === 'string') {
      // The refusal would have to wait for earlier answers, so the connection is cut.
      if (peer.openRequests > 0) return cut(REFUSED['no room']);
      options.refused(REFUSED['no room']);
      response.setHeader('Connection', 'close');
      return options.refuse(response);
    }
    response.once('close', () => held.release());
    watchAnswer(response, options.answerTimeoutMs, () => cut('answer not read'));
    const before = latest.get(socket);
    latest.set(socket, response);
    inTurn(before, () => {
      if (!socket.destroyed) listener(request, response, held);
    });
  };
}

function inTurn(before: ServerResponse | undefined, serve: () => void): void {
  if (before === undefined || before.closed) serve();
  else before.once('close', serve);
}

/** From the end of the answer here until the system has taken its last byte. */
function watchAnswer(response: ServerResponse, timeoutMs: number, late: () => void): void {
  response.once('prefinish', () => {
    const timer = setTimeout(late, timeoutMs);
    response.once('close', () => clearTimeout(timer));
  });
}
