/**
 * The identity side of a controller in the test process: real database, keys, authorization and
 * pipeline, no sockets.
 */
import { randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import { createTestDatabase } from '../harness/postgres';
import type { ErrorBody } from '../../lib/errors/error-body';
import type { ApiError } from '../../lib/errors/errors';
import { createLogger } from '../../lib/log/log';
import { accountService } from '../../services/controller/accounts/accounts.rpc';
import { authMethodService } from '../../services/controller/auth-methods/auth-methods.rpc';
import { PasswordQueue } from '../../services/controller/auth-methods/passwords';
import { authTokenService } from '../../services/controller/auth-tokens/auth-tokens.rpc';
import { KnownTokens } from '../../services/controller/auth-tokens/known-tokens';
import { createAuthz, type AuditEvent } from '../../services/controller/authz/authorizer';
import { CONTROLLER_DEFAULTS } from '../../services/controller/config';
import type { ControllerDeps } from '../../services/controller/context';
import { openDb } from '../../services/controller/db/db';
import { groupService } from '../../services/controller/groups/groups.rpc';
import { initialize } from '../../services/controller/init/initialize';
import { devPlan } from '../../services/controller/init/plan';
import { createKms } from '../../services/controller/kms/kms';
import { roleService } from '../../services/controller/roles/roles.rpc';
import { CONTROLLER_LIMITS } from '../../services/controller/limits';
import { loadListTokens } from '../../services/controller/workers/deployment';
import { LOCAL_OUTGOING } from '../harness/outgoing';
import { createPipeline } from '../../services/controller/rpc/pipeline';
import { userService } from '../../services/controller/users/users.rpc';
import { TestClock } from '../../lib/clock/test-clock.fixture';

export const IDS = {
  method: 'ampw_1234567890',
  admin: 'u_1234567890',
  adminAccount: 'acctpw_1234567890',
  user: 'u_0987654321',
  org: 'o_1234567890',
  project: 'p_1234567890',
};

export interface Iam {
  clock: TestClock;
  deps: ControllerDeps;
  audit: AuditEvent[];
  /** Texts of the statements since the last look. */
  statements: string[];
  /** Of the database. */
  url: string;
  /** Address of the caller. */
  from: string;
  /** Calls `GroupService/GetGroup`; rejects with ApiError. The answer is JSON as clients see it. */
  call(method: string, request: object, token?: string): Promise<any>;
  /** Body and status of the refusal. */
  refusal(method: string, request: object, token?: string): Promise<ErrorBody & { status: number }>;
  login(name: string, password?: string, methodId?: string): Promise<string>;
  close(): Promise<void>;
}

/** `beside`: another controller on the database of that one. */
export async function startIam(beside?: Iam): Promise<Iam> {
  const database = beside === undefined ? await createTestDatabase() : { url: beside.url, drop: async () => undefined };
  const log = createLogger('test', { level: 'silent' });
  const clock = beside?.clock ?? new TestClock();
  const statements: string[] = [];
  const audit: AuditEvent[] = [];
  const db = openDb({ url: database.url, log, maxConnections: 8, onStatement: (text) => statements.push(text) });
  const kms = createKms({ rootKey: { id: 'test', key: Buffer.alloc(32, 1) } });
  if (beside === undefined) await initialize(db, kms, plan(), clock.now());
  const config = { name: 'test', ...CONTROLLER_DEFAULTS };
  const listTokens = await loadListTokens(db.executor, kms);
  const known = new KnownTokens(clock);
  const authz = createAuthz({ config, db, kms, audit: (event) => audit.push(event), known });
  const outgoing = LOCAL_OUTGOING;
  const deps: ControllerDeps = { config, db, kms, authz, listTokens, outgoing, known, clock, log };
  const passwords = new PasswordQueue({ concurrent: 2, clock });
  const services = [
    accountService(deps, passwords),
    authMethodService(deps, passwords),
    authTokenService(deps),
    groupService(deps),
    roleService(deps),
    userService(deps),
  ];
  const pipeline = createPipeline(services, {
    log,
    clock,
    maxRequestDurationMs: 30_000,
    limits: CONTROLLER_LIMITS.defaults(),
    registry: new Registry(),
  });

  async function call(method: string, request: object, token?: string): Promise<any> {
    const fullName = `sallyport.api.v1.${method}`;
    const { definition } = pipeline.methods.get(fullName)!;
    const message = definition.requestType.decode(
      definition.requestType.encode(definition.requestType.fromPartial(request)).finish(),
    );
    const info = {
      token,
      clientAddress: iam.from,
      correlationId: randomUUID(),
      signal: new AbortController().signal,
    };
    return definition.responseType.toJSON(await pipeline.invoke(fullName, message, info));
  }

  const iam: Iam = {
    url: database.url,
    from: '127.0.0.1',
    clock,
    deps,
    audit,
    statements,
    call,
    refusal: (method, request, token) =>
      call(method, request, token).then(
        (answer: unknown) => Promise.reject(new Error(`${method} was allowed: ${JSON.stringify(answer)}`)),
        (error: ApiError) => ({ ...error.body(), status: error.httpStatus }),
      ),
    async login(login_name, password = 'password', auth_method_id = IDS.method) {
      const answer = await call('AuthMethodService/Authenticate', {
        auth_method_id,
        attributes: { login_name, password },
      });
      return answer.attributes.token as string;
    },
    async close() {
      await db.close();
      await database.drop();
    },
  };
  return iam;
}

const plan = () =>
  devPlan({
    idSuffix: '1234567890',
    secondaryIdSuffix: '0987654321',
    loginName: 'admin',
    password: 'password',
    unprivilegedLoginName: 'user',
    unprivilegedPassword: 'password',
    hostAddress: 'localhost',
    targetDefaultPort: 22,
    targetSessionMaxSeconds: 0,
    targetSessionConnectionLimit: -1,
  });
