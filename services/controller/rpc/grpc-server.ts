/**
 * gRPC front: the services of a pipeline on a grpc-js server, with health and reflection. It opens
 * no port; the API listener hands it the connections that speak HTTP/2.
 */
import {
  Metadata,
  type Server,
  ServerCredentials,
  status,
  type ConnectionInjector,
  type ServiceDefinition as GrpcServiceDefinition,
  type UntypedServiceImplementation,
  type sendUnaryData,
  type ServerUnaryCall,
} from '@grpc/grpc-js';
import type { DescMessage } from '@bufbuild/protobuf';
import { HealthImplementation } from 'grpc-health-check';
import { ERROR_BODY_TRAILER, HTTP_STATUS_TRAILER } from '../../../lib/errors/error-body';
import { ApiError, invalidArgument } from '../../../lib/errors/errors';
import { Http2Streams, STREAM_HEADER } from '../../../lib/limits/http2-streams';
import { limit } from '../../../lib/limits/limit';
import type { Held } from '../../../lib/limits/port-shares';
import type { ApiDoor } from '../listeners/api-door';
import type { Descriptors } from './descriptors';
import { http2ServerOf } from './http2-server';
import { createRpcServer } from '../../../lib/rpc/server';
import { addReflection } from './reflection';
import { bearerToken, correlationId, hostOfPeer } from './correlation';
import { toApiError } from './error-mapping';
import type { MessageFns } from './messages';
import type { BoundMethod, Pipeline } from './pipeline';
import type { Admission, Verdict } from './rate-limit';
import { checkRequestSize } from './request-size';

/** A full page of the widest resource stays well below. Node's clients take 4 MiB. */
const MAX_RESPONSE_BYTES = 16 * 1_048_576;
const MAX_STREAMS = limit('gRPC calls of a connection', 128, {
  what: 'calls at once on one gRPC connection to the API port',
  unit: 'calls',
  reached: 'the client waits before it begins another, as HTTP/2 asks; a stream beyond it is refused',
  test: 'services/controller/listeners/api-shares.test.ts: half-sent gRPC messages of one address are bounded',
});

const serverOptions = (maxRequestBytes: number): Record<string, number> => ({
  'grpc.max_receive_message_length': maxRequestBytes,
  'grpc.max_send_message_length': MAX_RESPONSE_BYTES,
  'grpc.max_concurrent_streams': MAX_STREAMS,
  // Finds dead peers, and peers that never finish the HTTP/2 handshake.
  'grpc.keepalive_time_ms': 60_000,
  'grpc.keepalive_timeout_ms': 20_000,
  'grpc.max_connection_idle_ms': 300_000,
  // MiB of headers, queued frames and unsent data of one connection.
  'grpc-node.max_session_memory': 32,
});

export interface GrpcFront {
  /** Takes over a connection that speaks HTTP/2. */
  readonly injector: ConnectionInjector;
  /** What the health service answers; on until told otherwise. */
  setServing(serving: boolean): void;
  /** No new calls; running ones have until `graceMs`, then they are cut. */
  close(graceMs: number): Promise<void>;
}

/** The steps of a request before it reaches the pipeline. */
interface Entry {
  /** Absent: no rate limits. */
  admit?: Admission | undefined;
  door: ApiDoor;
}

/** What implementations of methods need. */
interface Serving extends Entry {
  pipeline: Pipeline;
  /** What a call holds. */
  heldBy(metadata: Metadata): Held | undefined;
}

/** `descriptors` describe the services of the pipeline, for reflection. */
export function createGrpcFront(
  pipeline: Pipeline,
  descriptors: Descriptors,
  maxRequestBytes: number,
  entry: Entry,
): GrpcFront {
  const server = createRpcServer(serverOptions(maxRequestBytes));
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const streams = new Http2Streams(http2ServerOf(server), entry.door.http2);
  const heldBy = (metadata: Metadata) => streams.find(first(metadata, STREAM_HEADER) ?? '');
  const names = pipeline.services.map((s) => s.definition.fullName);
  for (const name of names) {
    const methods = [...pipeline.methods.values()].filter((m) => m.service === name);
    server.addService(grpcDefinition(methods, descriptors), implementation(methods, { ...entry, pipeline, heldBy }));
  }
  const health = new HealthImplementation();
  const setServing = (serving: boolean): void => {
    for (const name of ['', ...names]) health.setStatus(name, serving ? 'SERVING' : 'NOT_SERVING');
  };
  setServing(true);
  health.addToServer(server);
  addReflection(server, { descriptors, services: names, heldBy });
  return {
    injector,
    setServing,
    close: closer(server, streams),
  };
}

/** Health watches and reflection streams have no end of their own, hence the cut. */
const closer =
  (server: Server, streams: Http2Streams) =>
  (graceMs: number): Promise<void> =>
    new Promise((resolve) => {
      streams.close();
      const cut = setTimeout(() => server.forceShutdown(), graceMs);
      server.tryShutdown(() => {
        clearTimeout(cut);
        resolve();
      });
    });

function grpcDefinition(methods: BoundMethod[], descriptors: Descriptors): GrpcServiceDefinition {
  const inputOf = ({ service, definition }: BoundMethod): DescMessage | undefined =>
    descriptors.getService(service)?.methods.find(({ name }) => name === definition.name)?.input;
  return Object.fromEntries(methods.map((method) => [method.definition.name, grpcMethod(method, inputOf(method))]));
}

function grpcMethod({ fullName, definition }: BoundMethod, input: DescMessage | undefined) {
  const { name, requestType, responseType } = definition;
  return {
    path: `/${fullName}`,
    originalName: name,
    requestStream: false,
    responseStream: false,
    requestSerialize: (value: unknown) => Buffer.from(requestType.encode(value).finish()),
    requestDeserialize: requestDecoder(requestType, input),
    // Encoded before, because it is counted.
    responseSerialize: (bytes: Buffer) => bytes,
    responseDeserialize: (bytes: Buffer) => responseType.decode(bytes),
  };
}

function implementation(methods: BoundMethod[], serving: Serving): UntypedServiceImplementation {
  return Object.fromEntries(
    methods.map((method) => [
      method.definition.name,
      (call: ServerUnaryCall<unknown, unknown>, answer: sendUnaryData<Buffer>): void => {
        invoke(method, call, serving).then(
          (response) => answer(null, response),
          (error: unknown) => answer(serviceError(toApiError(error))),
        );
      },
    ]),
  );
}

/**
 * Stands for a request that is refused before it is decoded: grpc-js would call that an internal
 * error.
 */
class Refused {
  constructor(readonly error: ApiError) {}
}

const MALFORMED = new Refused(invalidArgument('The request is not a valid message.'));

function requestDecoder(type: MessageFns<unknown>, input: DescMessage | undefined): (bytes: Buffer) => unknown {
  return (bytes) => {
    try {
      if (input !== undefined) checkRequestSize(input, bytes);
      return type.decode(bytes);
    } catch (error) {
      return error instanceof ApiError ? new Refused(error) : MALFORMED;
    }
  };
}

async function invoke(
  method: BoundMethod,
  call: ServerUnaryCall<unknown, unknown>,
  { pipeline, admit, door, heldBy }: Serving,
): Promise<Buffer> {
  const held = heldBy(call.metadata);
  const caller = {
    token: bearerToken(first(call.metadata, 'authorization')),
    clientAddress: door.callerAddress(hostOfPeer(call.getPeer()), all(call.metadata, 'x-forwarded-for')),
  };
  refuseByRate(admit?.(method.fullName, caller));
  if (call.request instanceof Refused) throw call.request.error;
  const abort = new AbortController();
  // Also fires at a normal end, when nobody listens any more.
  call.on('cancelled', () => abort.abort());
  const answer = await pipeline.invoke(method.fullName, call.request, {
    ...caller,
    correlationId: correlationId(first(call.metadata, 'x-correlation-id')),
    signal: abort.signal,
    // From now on the connection and the cost of the call count for the user.
    authenticated: (userId) => void held?.prove(userId),
  });
  const bytes = Buffer.from(method.definition.responseType.encode(answer).finish());
  // Until the stream closes, its peer has yet to read it.
  if (held?.grow(bytes.length) !== undefined) throw door.refusal('no room');
  return bytes;
}

function refuseByRate(verdict: Verdict | undefined): void {
  if (verdict === undefined || verdict.outcome === 'allowed') return;
  const again = `Try again in ${verdict.retryAfter} s.`;
  if (verdict.outcome === 'limited') throw new ApiError('ResourceExhausted', `Too many requests. ${again}`);
  throw new ApiError('Unavailable', `The controller counts too many callers at the moment. ${again}`);
}

const all = (metadata: Metadata, key: string): string | undefined =>
  metadata.get(key).length === 0 ? undefined : metadata.get(key).join(',');

const first = (metadata: Metadata, key: string): string | undefined => metadata.get(key)[0]?.toString();

/**
 * The error as grpc-js sends it: code and text, and the JSON body and HTTP status in the trailers.
 */
function serviceError(error: ApiError): { code: status; details: string; metadata: Metadata } {
  const metadata = new Metadata();
  metadata.set(ERROR_BODY_TRAILER, Buffer.from(JSON.stringify(error.body())));
  metadata.set(HTTP_STATUS_TRAILER, String(error.httpStatus));
  return { code: error.grpcStatus, details: error.message, metadata };
}
