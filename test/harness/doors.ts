/**
 * The API by its two doors: the same call written once, sent as HTTP or as gRPC, and answered in
 * the same form.
 */
import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import { httpForm, type RequestJson } from '../../cli/core/http-form';
import { ERROR_BODY_TRAILER, HTTP_STATUS_TRAILER } from '../../lib/errors/error-body';
import { callUnary, type UnaryMethod } from '../../lib/rpc/channel';
import { AccountServiceDefinition } from '../../proto/gen/api/accounts';
import { AliasServiceDefinition } from '../../proto/gen/api/aliases';
import { AuthMethodServiceDefinition } from '../../proto/gen/api/auth_methods';
import { AuthTokenServiceDefinition } from '../../proto/gen/api/auth_tokens';
import { CredentialLibraryServiceDefinition } from '../../proto/gen/api/credential_libraries';
import { CredentialStoreServiceDefinition } from '../../proto/gen/api/credential_stores';
import { CredentialServiceDefinition } from '../../proto/gen/api/credentials';
import { GroupServiceDefinition } from '../../proto/gen/api/groups';
import { HostCatalogServiceDefinition } from '../../proto/gen/api/host_catalogs';
import { HostSetServiceDefinition } from '../../proto/gen/api/host_sets';
import { HostServiceDefinition } from '../../proto/gen/api/hosts';
import { ManagedGroupServiceDefinition } from '../../proto/gen/api/managed_groups';
import { RoleServiceDefinition } from '../../proto/gen/api/roles';
import { ScopeServiceDefinition } from '../../proto/gen/api/scopes';
import { SessionServiceDefinition } from '../../proto/gen/api/sessions';
import { TargetServiceDefinition } from '../../proto/gen/api/targets';
import { UserServiceDefinition } from '../../proto/gen/api/users';
import { WorkerServiceDefinition } from '../../proto/gen/api/workers';

const SERVICES = [
  ...[AccountServiceDefinition, AliasServiceDefinition, AuthMethodServiceDefinition, AuthTokenServiceDefinition],
  ...[CredentialLibraryServiceDefinition, CredentialStoreServiceDefinition, CredentialServiceDefinition],
  ...[GroupServiceDefinition, HostCatalogServiceDefinition, HostSetServiceDefinition, HostServiceDefinition],
  ...[ManagedGroupServiceDefinition, RoleServiceDefinition, ScopeServiceDefinition, SessionServiceDefinition],
  ...[TargetServiceDefinition, UserServiceDefinition, WorkerServiceDefinition],
];

/** Service and method by the method's name, which no two services share. */
const METHODS = new Map(
  SERVICES.flatMap(({ fullName, methods }) =>
    Object.values(methods).map((method) => [method.name, { fullName, method: method }]),
  ),
);

export interface Reply {
  /** HTTP status; 200 for every success, whatever the door. */
  status: number;
  /** The item of the answer, else the answer; undefined when it is empty. */
  body: any;
}

export interface Door {
  name: 'HTTP' | 'gRPC';
  /**
   * Calls `UpdateGroup`. A PATCH names what it changes by the keys of `item`, where null clears;
   * the gRPC door makes the update mask of the same keys.
   */
  call(rpc: string, request: RequestJson): Promise<Reply>;
  close(): void;
}

/** Time for one call. */
const TIMEOUT_MS = 60_000;

function find(rpc: string): { fullName: string; method: UnaryMethod } {
  const found = METHODS.get(rpc);
  if (found === undefined) throw new Error(`the API has no method ${rpc}`);
  return found;
}

const empty = (body: unknown): unknown =>
  typeof body === 'object' && body !== null && Object.keys(body).length === 0 ? undefined : body;

/** The door that scripts and browsers take. */
export function httpDoor(address: string, token: string | undefined): Door {
  return {
    name: 'HTTP',
    async call(rpc, request) {
      const form = httpForm(find(rpc).method, request);
      const response = await fetch(address + form.path, {
        method: form.method,
        headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
        ...(form.body === undefined ? {} : { body: JSON.stringify(form.body) }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const text = await response.text();
      const status = response.ok ? 200 : response.status;
      return { status, body: text === '' ? undefined : empty(JSON.parse(text)) };
    },
    close: () => undefined,
  };
}

/** The door that the CLI takes; with the limits that clients have by default: 4 MiB an answer. */
export function grpcDoor(target: string, token: string | undefined): Door {
  const channel = new Client(target, credentials.createInsecure(), { 'grpc.enable_http_proxy': 0 });
  const headers = { authorization: token === undefined ? '' : `Bearer ${token}` };
  return {
    name: 'gRPC',
    call: (rpc, request) => callGrpc(channel, rpc, request, headers),
    close: () => channel.close(),
  };
}

async function callGrpc(
  channel: Client,
  rpc: string,
  request: RequestJson,
  headers: Record<string, string>,
): Promise<Reply> {
  const { fullName, method } = find(rpc);
  const item = request['item'] as Record<string, unknown> | undefined;
  const mask = rpc.startsWith('Update') && item !== undefined ? { update_mask: { paths: maskOf(item) } } : {};
  const message: unknown = method.requestType.fromJSON({ ...request, ...mask });
  try {
    const answer: unknown = await callUnary(channel, fullName, method, message, { headers, timeoutMs: TIMEOUT_MS });
    const body = method.responseType.toJSON(answer) as Record<string, unknown>;
    return { status: 200, body: empty(body['item'] ?? body) };
  } catch (error) {
    const trailer = (error as ServiceError).metadata?.get(ERROR_BODY_TRAILER)[0];
    if (trailer === undefined) throw error;
    const status = Number((error as ServiceError).metadata.get(HTTP_STATUS_TRAILER)[0]);
    return { status, body: JSON.parse(trailer.toString()) };
  }
}

/** Keys of the item; those of `attributes` one by one. */
const maskOf = (item: Record<string, unknown>): string[] =>
  Object.entries(item).flatMap(([key, value]) =>
    key === 'attributes' && value !== null ? Object.keys(value as object).map((name) => `${key}.${name}`) : [key],
  );
