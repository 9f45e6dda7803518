/**
 * A real gRPC server whose answers a test writes, for what matters in the protocol between CLI and
 * controller.
 */
import { Metadata, Server, ServerCredentials, status, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import { ERROR_BODY_TRAILER, HTTP_STATUS_TRAILER } from '../../lib/errors/error-body';
import { AccountServiceDefinition, AccountServiceService } from '../../proto/gen/api/accounts';
import { AliasServiceDefinition, AliasServiceService } from '../../proto/gen/api/aliases';
import { AuthMethodServiceDefinition, AuthMethodServiceService } from '../../proto/gen/api/auth_methods';
import { AuthTokenServiceDefinition, AuthTokenServiceService } from '../../proto/gen/api/auth_tokens';
import { BillingServiceDefinition, BillingServiceService } from '../../proto/gen/api/billing';
import {
  CredentialLibraryServiceDefinition,
  CredentialLibraryServiceService,
} from '../../proto/gen/api/credential_libraries';
import { CredentialStoreServiceDefinition, CredentialStoreServiceService } from '../../proto/gen/api/credential_stores';
import { CredentialServiceDefinition, CredentialServiceService } from '../../proto/gen/api/credentials';
import { GroupServiceDefinition, GroupServiceService } from '../../proto/gen/api/groups';
import { HostCatalogServiceDefinition, HostCatalogServiceService } from '../../proto/gen/api/host_catalogs';
import { HostSetServiceDefinition, HostSetServiceService } from '../../proto/gen/api/host_sets';
import { HostServiceDefinition, HostServiceService } from '../../proto/gen/api/hosts';
import { ManagedGroupServiceDefinition, ManagedGroupServiceService } from '../../proto/gen/api/managed_groups';
import { PolicyServiceDefinition, PolicyServiceService } from '../../proto/gen/api/policies';
import { RoleServiceDefinition, RoleServiceService } from '../../proto/gen/api/roles';
import { ScopeServiceDefinition, ScopeServiceService } from '../../proto/gen/api/scopes';
import {
  SessionRecordingServiceDefinition,
  SessionRecordingServiceService,
} from '../../proto/gen/api/session_recordings';
import { SessionServiceDefinition, SessionServiceService } from '../../proto/gen/api/sessions';
import { StorageBucketServiceDefinition, StorageBucketServiceService } from '../../proto/gen/api/storage_buckets';
import { TargetServiceDefinition, TargetServiceService } from '../../proto/gen/api/targets';
import { UserServiceDefinition, UserServiceService } from '../../proto/gen/api/users';
import { WorkerServiceDefinition, WorkerServiceService } from '../../proto/gen/api/workers';

const SERVICES = [
  [AccountServiceService, AccountServiceDefinition],
  [AliasServiceService, AliasServiceDefinition],
  [AuthMethodServiceService, AuthMethodServiceDefinition],
  [AuthTokenServiceService, AuthTokenServiceDefinition],
  [BillingServiceService, BillingServiceDefinition],
  [CredentialLibraryServiceService, CredentialLibraryServiceDefinition],
  [CredentialStoreServiceService, CredentialStoreServiceDefinition],
  [CredentialServiceService, CredentialServiceDefinition],
  [GroupServiceService, GroupServiceDefinition],
  [HostCatalogServiceService, HostCatalogServiceDefinition],
  [HostSetServiceService, HostSetServiceDefinition],
  [HostServiceService, HostServiceDefinition],
  [ManagedGroupServiceService, ManagedGroupServiceDefinition],
  [PolicyServiceService, PolicyServiceDefinition],
  [RoleServiceService, RoleServiceDefinition],
  [ScopeServiceService, ScopeServiceDefinition],
  [SessionRecordingServiceService, SessionRecordingServiceDefinition],
  [SessionServiceService, SessionServiceDefinition],
  [StorageBucketServiceService, StorageBucketServiceDefinition],
  [TargetServiceService, TargetServiceDefinition],
  [UserServiceService, UserServiceDefinition],
  [WorkerServiceService, WorkerServiceDefinition],
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
  /**
   * Answers by the key of the method, such as `getTarget`: the answer as JSON, a {@link Refusal},
   * or a promise of either.
   */
  answers: Record<string, (request: any) => unknown>;
  /**
   * What the other methods answer; by service and method,
   * `sallyport.api.v1.TargetService/GetTarget`.
   */
  otherwise: ((method: string) => unknown) | undefined;
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
    otherwise: undefined,
    reset() {
      canned.seen.length = 0;
      canned.answers = {};
      canned.otherwise = undefined;
    },
    stop: () => server.forceShutdown(),
  };
  for (const [service, { fullName, methods }] of SERVICES) {
    const handlers = Object.entries(methods).map(([name, method]) => [
      name,
      handle(canned, name, `${fullName}/${method.name}`, method.responseType),
    ]);
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

function handle(
  canned: CannedServer,
  method: string,
  fullName: string,
  responseType: { fromJSON(object: any): unknown },
) {
  return async (call: ServerUnaryCall<any, any>, reply: sendUnaryData<any>): Promise<void> => {
    const authorization = call.metadata.get('authorization')[0]?.toString();
    canned.seen.push({ method, request: call.request, authorization });
    const answer = await (canned.answers[method]?.(call.request) ?? canned.otherwise?.(fullName));
    if (!(answer instanceof Refusal)) return reply(null, responseType.fromJSON(answer ?? {}));
    const metadata = new Metadata();
    metadata.set(ERROR_BODY_TRAILER, Buffer.from(JSON.stringify(answer.body)));
    metadata.set(HTTP_STATUS_TRAILER, String(answer.http));
    reply({ code: status.INVALID_ARGUMENT, details: 'refused', metadata });
  };
}
