/** gRPC servers: the one place that knows what a hostile peer can do to them. */
import { Server, type ServerOptions } from '@grpc/grpc-js';
import type { ServerHttp2Stream } from 'node:http2';

type StreamHandler = (interceptors: unknown, stream: ServerHttp2Stream, headers: unknown) => void;

/** The methods that grpc-js 1.14 hands each stream to, with and without channelz. */
const STREAM_HANDLERS = ['_streamHandler', '_channelzHandler'] as const;

/**
 * A server that survives peers which reset a stream in the packet that opens it. Node reports such
 * a stream after it has been destroyed. When the content type or the path is wrong, grpc-js answers
 * it nevertheless. That throws where nobody catches, and would end the process.
 */
export function createRpcServer(options: ServerOptions): Server {
  const server = new Server(options);
  const internals = server as unknown as Record<(typeof STREAM_HANDLERS)[number], StreamHandler>;
  for (const name of STREAM_HANDLERS) {
    const handle = internals[name];
    internals[name] = function (this: Server, interceptors, stream, headers) {
      // The stream's error (the peer has reset it) still needs a listener.
      if (stream.destroyed || stream.closed) stream.on('error', () => undefined);
      else handle.call(this, interceptors, stream, headers);
    };
  }
  return server;
}
