/**
 * Requests of an HTTP/1.1 port, counted: each takes its room before it is looked at, those of one connection are served
 * in turn, so that a peer that reads no answers gets one, and an answer is read within a deadline.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Held, PortShares, RequestFacts } from './port-shares';

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
    const facts = options.factsOf?.(request) ?? {};
    const held = options.shares.peerOf(socket)?.open({ ...facts, drop: () => cut('gave way to others') });
    if (held === undefined) return void socket.destroy();
    if (typeof held === 'string') {
      options.refused('too many bytes held');
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

/** From the end of the answer on our side to its last byte in the hands of the system. */
function watchAnswer(response: ServerResponse, timeoutMs: number, late: () => void): void {
  response.once('prefinish', () => {
    const timer = setTimeout(late, timeoutMs);
    response.once('close', () => clearTimeout(timer));
  });
}
