/** A real gRPC server whose answers a test writes, for what matters in the protocol between CLI and controller. */
import { Metadata, Server, ServerCredentials, status, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import { ERROR_BODY_TRAILER, HTTP_STATUS_TRAILER } from '../../lib/errors/errors';
import { AuthMethodServiceDefinition, AuthMethodServiceService } from '../../proto/gen/api/auth_methods';
import { AuthTokenServiceDefinition, AuthTokenServiceService } from '../../proto/gen/api/auth_tokens';
import { GroupServiceDefinition, GroupServiceService } from '../../proto/gen/api/groups';
import { HostCatalogServiceDefinition, HostCatalogServiceService } from '../../proto/gen/api/host_catalogs';
import { HostSetServiceDefinition, HostSetServiceService } from '../../proto/gen/api/host_sets';
import { ScopeServiceDefinition, ScopeServiceService } from '../../proto/gen/api/scopes';
import { SessionServiceDefinition, SessionServiceService } from '../../proto/gen/api/sessions';
import {
  SessionRecordingServiceDefinition,
  SessionRecordingServiceService,
} from '../../proto/gen/api/session_recordings';
import { TargetServiceDefinition, TargetServiceService } from '../../proto/gen/api/targets';
import { UserServiceDefinition, UserServiceService } from '../../proto/gen/api/users';

const SERVICES = [
  [AuthMethodServiceService, AuthMethodServiceDefinition],
  [AuthTokenServiceService, AuthTokenServiceDefinition],
  [GroupServiceService, GroupServiceDefinition],
  [HostCatalogServiceService, HostCatalogServiceDefinition],
  [HostSetServiceService, HostSetServiceDefinition],
  [ScopeServiceService, ScopeServiceDefinition],
  [SessionRecordingServiceService, SessionRecordingServiceDefinition],
  [SessionServiceService, SessionServiceDefinition],
  [TargetServiceService, TargetServiceDefinition],
  [UserServiceService, UserServiceDefinition],
] as const;

export interface Seen {
  method: string;
  request: any;
  authorization: string | undefined;
}

/** As an answer: the call is refused. */
export class Refusal {
  constructor(
    readonly http: number,
    readonly body: unknown,
  ) {}
}

export interface CannedServer {
  address: string;
  /** Calls, in their order. */
  seen: Seen[];
  /** By the method's key, `getTarget`; the answer as JSON, a {@link Refusal}, or a promise of either. */
  answers: Record<string, (request: any) => unknown>;
  /** Forgets calls and answers. */
  reset(): void;
  stop(): void;
}

export async function startCannedServer(): Promise<CannedServer> {
  const server = new Server();
  const canned: CannedServer = {
    address: '',
    seen: [],
    answers: {},
    reset() {
      canned.seen.length = 0;
      canned.answers = {};
    },
    stop: () => server.forceShutdown(),
  };
  for (const [service, { methods }] of SERVICES) {
    const handlers = Object.entries(methods).map(([name, method]) => [name, handle(canned, name, method.responseType)]);
    server.addService(service, Object.fromEntries(handlers));
  }
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  canned.address = `http://127.0.0.1:${port}`;
  return canned;
}

function handle(canned: CannedServer, method: string, responseType: { fromJSON(object: any): unknown }) {
  return async (call: ServerUnaryCall<any, any>, reply: sendUnaryData<any>): Promise<void> => {
    const authorization = call.metadata.get('authorization')[0]?.toString();
    canned.seen.push({ method, request: call.request, authorization });
    const answer = await canned.answers[method]?.(call.request);
    if (!(answer instanceof Refusal)) return reply(null, responseType.fromJSON(answer ?? {}));
    const metadata = new Metadata();
    metadata.set(ERROR_BODY_TRAILER, Buffer.from(JSON.stringify(answer.body)));
    metadata.set(HTTP_STATUS_TRAILER, String(answer.http));
    reply({ code: status.INVALID_ARGUMENT, details: 'refused', metadata });
  };
}
