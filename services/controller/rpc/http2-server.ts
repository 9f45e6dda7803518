/**
 * The HTTP/2 server inside a gRPC server, where streams can be counted before gRPC keeps anything
 * of them.
 */
import type { Server } from '@grpc/grpc-js';
import type { Http2Server } from 'node:http2';

/**
 * The HTTP/2 server that grpc-js keeps to itself. To be called after a connection injector was
 * made, and before it gets a connection.
 */
export function http2ServerOf(server: Server): Http2Server {
  const [inner] = (server as unknown as { http2Servers?: Map<Http2Server, unknown> }).http2Servers?.keys() ?? [];
  if (inner === undefined || inner.listenerCount('stream') !== 1) {
    throw new Error('this release of @grpc/grpc-js keeps its HTTP/2 server in another place');
  }
  return inner;
}
