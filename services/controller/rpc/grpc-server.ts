/**
 * gRPC front: the services of a pipeline on a grpc-js server, with health and reflection. It opens no port; the API
 * listener hands it the connections that speak HTTP/2.
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
import { ApiError, ERROR_BODY_TRAILER, HTTP_STATUS_TRAILER, invalidArgument } from '../../../lib/errors/errors';
import type { Descriptors } from './descriptors';
import { createRpcServer } from '../../../lib/rpc/server';
import { addReflection } from './reflection';
import { bearerToken, correlationId, hostOfPeer } from './correlation';
import { DIRECT, type CallerAddress } from './forwarded';
import { toApiError } from './error-mapping';
import type { MessageFns } from './messages';
import type { BoundMethod, Pipeline } from './pipeline';
import type { Admission, Verdict } from './rate-limit';
import { checkRequestSize } from './request-size';

/** Largest response, bytes: a full page of the widest resource stays well below. Node's clients take 4 MiB. */
const MAX_RESPONSE_BYTES = 16 * 1_048_576;

const serverOptions = (maxRequestBytes: number): Record<string, number> => ({
  'grpc.max_receive_message_length': maxRequestBytes,
  'grpc.max_send_message_length': MAX_RESPONSE_BYTES,
  'grpc.max_concurrent_streams': 128,
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

/** What happens to a request before it reaches the pipeline. */
interface Entry {
  /** Absent: no rate limits. */
  admit?: Admission | undefined;
  /** Absent: who connects is who calls. */
  callerAddress?: CallerAddress | undefined;
}

/** `descriptors` are what reflection shows, of the pipeline's services. */
export function createGrpcFront(
  pipeline: Pipeline,
  descriptors: Descriptors,
  maxRequestBytes: number,
  entry: Entry = {},
): GrpcFront {
  const server = createRpcServer(serverOptions(maxRequestBytes));
  const names = pipeline.services.map((s) => s.definition.fullName);
  for (const name of names) {
    const methods = [...pipeline.methods.values()].filter((m) => m.service === name);
    server.addService(grpcDefinition(methods, descriptors), implementation(methods, pipeline, entry));
  }
  const health = new HealthImplementation();
  const setServing = (serving: boolean): void => {
    for (const name of ['', ...names]) health.setStatus(name, serving ? 'SERVING' : 'NOT_SERVING');
  };
  setServing(true);
  health.addToServer(server);
  addReflection(server, descriptors, names);
  return {
    injector: server.createConnectionInjector(ServerCredentials.createInsecure()),
    setServing,
    close: closer(server),
  };
}

/** Health watches and reflection streams have no end of their own, hence the cut. */
const closer =
  (server: Server) =>
  (graceMs: number): Promise<void> =>
    new Promise((resolve) => {
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
    responseSerialize: (value: unknown) => Buffer.from(responseType.encode(value).finish()),
    responseDeserialize: (bytes: Buffer) => responseType.decode(bytes) as unknown,
  };
}

function implementation(methods: BoundMethod[], pipeline: Pipeline, entry: Entry): UntypedServiceImplementation {
  return Object.fromEntries(
    methods.map((method) => [
      method.definition.name,
      (call: ServerUnaryCall<unknown, unknown>, answer: sendUnaryData<unknown>): void => {
        invoke(pipeline, method, call, entry).then(
          (response) => answer(null, response),
          (error: unknown) => answer(serviceError(toApiError(error))),
        );
      },
    ]),
  );
}

/** Stands for a request that is refused before it is decoded: grpc-js would call that an internal error. */
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
  pipeline: Pipeline,
  method: BoundMethod,
  call: ServerUnaryCall<unknown, unknown>,
  { admit, callerAddress = DIRECT }: Entry,
): Promise<unknown> {
  const caller = {
    token: bearerToken(first(call.metadata, 'authorization')),
    clientAddress: callerAddress(hostOfPeer(call.getPeer()), all(call.metadata, 'x-forwarded-for')),
  };
  refuseByRate(admit?.(method.fullName, caller));
  if (call.request instanceof Refused) throw call.request.error;
  const abort = new AbortController();
  // Also fires at a normal end, when nobody listens any more.
  call.on('cancelled', () => abort.abort());
  return pipeline.invoke(method.fullName, call.request, {
    ...caller,
    correlationId: correlationId(first(call.metadata, 'x-correlation-id')),
    signal: abort.signal,
  });
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

/** The error as grpc-js sends it: code and text, and the JSON body and HTTP status in the trailers. */
function serviceError(error: ApiError): { code: status; details: string; metadata: Metadata } {
  const metadata = new Metadata();
  metadata.set(ERROR_BODY_TRAILER, Buffer.from(JSON.stringify(error.body())));
  metadata.set(HTTP_STATUS_TRAILER, String(error.httpStatus));
  return { code: error.grpcStatus, details: error.message, metadata };
}
