/**
 * A real API port with one small service kept in memory: what the fronts' own tests run against.
 */
import { readFileSync } from 'node:fs';
import { Registry } from 'prom-client';
import { systemClock } from '../../lib/clock/clock';
import { packageFile } from '../../lib/config/package-root';
import { ApiError, invalidArgument } from '../../lib/errors/errors';
import { createLogger } from '../../lib/log/log';
import { AuthMethodServiceDefinition } from '../../proto/gen/api/auth_methods';
import { GroupServiceDefinition, type Group } from '../../proto/gen/api/groups';
import { ScopeServiceDefinition } from '../../proto/gen/api/scopes';
import { KnownTokens } from '../../services/controller/auth-tokens/known-tokens';
import { notFound } from '../../services/controller/authz/refusal';
import type { TlsMaterial } from '../../services/controller/config';
import type { CorsConfig } from '../../services/controller/gateway/cors';
import { createAdmission } from '../../services/controller/gateway/admission';
import type { OwnOrigins } from '../../services/controller/gateway/origin';
import { createGateway } from '../../services/controller/gateway/gateway';
import { createApiDoor, type ApiDoor, type ApiTimeouts } from '../../services/controller/listeners/api-door';
import { startApiListener, type ApiListener } from '../../services/controller/listeners/api-listener';
import { createCallers } from '../../services/controller/rpc/callers';
import { loadDescriptors } from '../../services/controller/rpc/descriptors';
import type { Forwarding } from '../../services/controller/rpc/forwarded';
import { createGrpcFront } from '../../services/controller/rpc/grpc-server';
import { CONTROLLER_LIMITS, type ControllerLimits } from '../../services/controller/limits';
import { createPipeline } from '../../services/controller/rpc/pipeline';
import type { RateLimits } from '../../services/controller/rpc/rate-limit';
import { service, type Op, type Service } from '../../services/controller/rpc/service';

const DESCRIPTORS = loadDescriptors(readFileSync(packageFile('proto/gen/image.binpb')));

interface Seen {
  op: Op;
  request: Record<string, any>;
}

export interface MemoryApi {
  listener: ApiListener;
  port: number;
  door: ApiDoor;
  registry: Registry;
  /** Every call that reached a handler. */
  seen: Seen[];
  /** Throws what it is given from the next read, or waits when given a promise. */
  onRead: { current: (() => unknown) | undefined };
}

export interface MemoryApiOptions {
  tls?: TlsMaterial;
  cors?: CorsConfig;
  timeouts?: Partial<ApiTimeouts>;
  maxRequestDurationMs?: number;
  rateLimits?: RateLimits;
  forwarding?: Forwarding;
  origins?: OwnOrigins;
  /** Beside the defaults. */
  limits?: Partial<ControllerLimits>;
  /** 0 when absent. */
  port?: number;
}

/** The token of a user is good when it is `at_` and the user's id. */
const userOf = (token: string | undefined): string | undefined => /^at_(u_\w+)$/.exec(token ?? '')?.[1];

export async function startMemoryApi(options: MemoryApiOptions = {}): Promise<MemoryApi> {
  const log = createLogger('test', { level: 'silent' });
  const registry = new Registry();
  const seen: Seen[] = [];
  const onRead: MemoryApi['onRead'] = { current: undefined };
  const known = new KnownTokens(systemClock);
  // Tests leave calls without an answer behind, and all of them call from one address.
  const limits = { ...CONTROLLER_LIMITS.defaults(), api_requests_per_caller: 16, ...options.limits };
  const pipeline = createPipeline(services(seen, onRead, known), {
    log,
    clock: systemClock,
    maxRequestDurationMs: options.maxRequestDurationMs ?? 10_000,
    limits,
    registry,
  });
  const served = { descriptors: DESCRIPTORS, pipeline };
  const admit =
    options.rateLimits && createAdmission(options.rateLimits, served, { clock: systemClock, registry, known }).admit;
  const { forwarding, timeouts, origins } = options;
  const callers = createCallers(known, (token) => Promise.resolve(userOf(token)));
  const maxRequestBytes = 1_048_576;
  const door = createApiDoor({ limits, maxRequestBytes, callers, forwarding, origins, registry, timeouts });
  const listener = await startApiListener({
    address: { host: '127.0.0.1', port: options.port ?? 0 },
    tls: options.tls,
    grpc: createGrpcFront(pipeline, DESCRIPTORS, maxRequestBytes, { admit, door }),
    gateway: createGateway({
      pipeline,
      descriptors: DESCRIPTORS,
      cors: options.cors ?? { enabled: true, allowedOrigins: [] },
      maxRequestBytes,
      registry,
      admit,
      door,
      origins,
    }),
    door,
    log,
  });
  return { listener, port: listener.address.port, door, registry, seen, onRead };
}

function services(seen: Seen[], onRead: MemoryApi['onRead'], known: KnownTokens): Service[] {
  const all = [groups(onRead), authMethods(), scopes()];
  return all.map(({ definition, handlers }) => ({
    definition,
    handlers: Object.fromEntries(
      Object.entries(handlers).map(([name, handler]) => [
        name,
        (op: Op, request: Record<string, any>) => {
          seen.push({ op, request });
          const user = userOf(op.token);
          known.note(op.token, user);
          if (user !== undefined) op.authenticated?.(user);
          return handler(op, request);
        },
      ]),
    ),
  }));
}

function groups(onRead: MemoryApi['onRead']): Service {
  const stored = new Map<string, Partial<Group> & { id: string }>();
  const find = (id: string): Partial<Group> & { id: string } => {
    if (!/^g_[0-9A-Za-z]*$/.test(id)) {
      throw invalidArgument('Error in provided request.', [
        { name: 'id', description: 'Invalid formatted identifier.' },
      ]);
    }
    const group = stored.get(id);
    if (group === undefined) throw notFound();
    return group;
  };
  const unserved = (): never => {
    throw new ApiError('Unimplemented', 'Not part of this test.');
  };
  return service(GroupServiceDefinition, {
    async getGroup(_op, { id }) {
      await onRead.current?.();
      return { item: find(id) };
    },
    async listGroups() {
      return { items: [...stored.values()], response_type: 'complete', list_token: '', est_item_count: stored.size };
    },
    async createGroup(_op, { item }) {
      if (!item?.scope_id) {
        throw invalidArgument('Error in provided request.', [
          { name: 'scope_id', description: 'This field is missing or improperly formatted.' },
        ]);
      }
      const group = { ...item, id: `g_${String(stored.size + 1).padStart(10, '0')}`, version: 1 };
      stored.set(group.id, group);
      return { item: group };
    },
    async updateGroup(_op, { id, item, update_mask }) {
      const group = find(id);
      for (const path of update_mask ?? []) {
        if (path === 'name' || path === 'description') group[path] = item?.[path];
      }
      group.version = (group.version ?? 0) + 1;
      return { item: group };
    },
    async deleteGroup(_op, { id }) {
      stored.delete(find(id).id);
      return {};
    },
    async addGroupMembers(_op, { id, member_ids }) {
      const group = find(id);
      group.member_ids = [...(group.member_ids ?? []), ...member_ids];
      return { item: group };
    },
    setGroupMembers: unserved,
    removeGroupMembers: unserved,
  });
}

function authMethods(): Service {
  const unserved = (): never => {
    throw new ApiError('Unimplemented', 'Not part of this test.');
  };
  return service(AuthMethodServiceDefinition, {
    getAuthMethod: unserved,
    listAuthMethods: unserved,
    createAuthMethod: async (_op, { item }) => ({ item: { ...item, id: 'ampw_1234567890' } }),
    updateAuthMethod: async (_op, { item }) => ({ item: item as never }),
    deleteAuthMethod: async () => ({}),
    authenticate: async (_op, request) => ({
      type: request.type,
      command: request.command,
      attributes: { token: 'at_1234567890_secret', user_id: 'u_1234567890' },
    }),
    changeState: unserved,
  });
}

/** Throws on everything: only its routes matter. */
function scopes(): Service {
  const handlers = Object.keys(ScopeServiceDefinition.methods).map((name) => [
    name,
    async () => {
      throw new Error('a bug with a secret text');
    },
  ]);
  return service(ScopeServiceDefinition, Object.fromEntries(handlers));
}
