/**
 * A controller's services in the test process, on a real database: keys, authorization and pipeline
 * as in production, no sockets. It starts as dev mode does, with {@link DEV}.
 */
import { randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import type { ErrorBody } from '../../lib/errors/error-body';
import type { ApiError } from '../../lib/errors/errors';
import { createLogger } from '../../lib/log/log';
import { issueToken } from '../../services/controller/auth-tokens/tokens';
import { createAuthz } from '../../services/controller/authz/authorizer';
import { CONTROLLER_DEFAULTS } from '../../services/controller/config';
import type { ControllerDeps } from '../../services/controller/context';
import { openDb, transaction } from '../../services/controller/db/db';
import { initialize } from '../../services/controller/init/initialize';
import { devPlan, type Plan } from '../../services/controller/init/plan';
import { createKms } from '../../services/controller/kms/kms';
import { CONTROLLER_LIMITS } from '../../services/controller/limits';
import { loadListTokens } from '../../services/controller/workers/deployment';
import { LOCAL_OUTGOING } from './outgoing';
import { createPipeline } from '../../services/controller/rpc/pipeline';
import type { Service } from '../../services/controller/rpc/service';
import { createTestDatabase } from './postgres';
import { TestClock } from '../../lib/clock/test-clock.fixture';

/** Ids of what a test controller starts with. */
export const DEV = {
  authMethod: 'ampw_1234567890',
  admin: 'u_1234567890',
  adminAccount: 'acctpw_1234567890',
  user: 'u_0987654321',
  userAccount: 'acctpw_0987654321',
  org: 'o_1234567890',
  project: 'p_1234567890',
  hostCatalog: 'hcst_1234567890',
  hostSet: 'hsst_1234567890',
  host: 'hst_1234567890',
  target: 'ttcp_1234567890',
} as const;

/** Calls as one user. */
export interface Caller {
  /**
   * Calls `TargetService/GetTarget`; the answer is JSON as clients see it. Rejects with ApiError.
   */
  call(method: string, request?: object): Promise<any>;
  /** Body and HTTP status of a refusal; rejects when the call is allowed. */
  refusal(method: string, request?: object): Promise<ErrorBody & { status: number }>;
}

export interface TestController {
  /** Its database. */
  url: string;
  deps: ControllerDeps;
  /** Statements since the test last emptied it. */
  statements: { text: string; parameters: readonly unknown[] }[];
  admin: Caller;
  /** Has the rights of every user who is logged in. */
  user: Caller;
  anonymous: Caller;
  stop(): Promise<void>;
}

/**
 * The services that `make` builds from the dependencies (and the database's URL), ready to be
 * called.
 */
export async function startTestController(
  make: (deps: ControllerDeps, url: string) => Service[] | Promise<Service[]>,
): Promise<TestController> {
  const database = await createTestDatabase();
  const log = createLogger('test', { level: 'silent' });
  const clock = new TestClock({ stepMs: 1 });
  const statements: TestController['statements'] = [];
  const onStatement = (text: string, parameters: readonly unknown[]) => void statements.push({ text, parameters });
  const limits = CONTROLLER_LIMITS.defaults();
  const db = openDb({ url: database.url, log, maxConnections: 4, limits, onStatement });
  const kms = createKms({ rootKey: { id: 'test', key: Buffer.alloc(32, 1) } });
  await initialize(db, kms, testPlan(), clock.now());
  const config = { name: 'test', ...CONTROLLER_DEFAULTS, limits };
  const authz = createAuthz({ config, db, kms, audit: () => undefined });
  const listTokens = await loadListTokens(db.executor, kms);
  const deps: ControllerDeps = { config, db, kms, authz, listTokens, outgoing: LOCAL_OUTGOING, clock, log };
  const services = await make(deps, database.url);
  const pipeline = createPipeline(services, {
    log,
    clock,
    maxRequestDurationMs: 30_000,
    limits,
    registry: new Registry(),
  });

  async function call(token: string | undefined, method: string, request: object): Promise<any> {
    const fullName = `sallyport.api.v1.${method}`;
    const bound = pipeline.methods.get(fullName);
    if (bound === undefined) throw new Error(`${fullName} is not served here`);
    const { requestType, responseType } = bound.definition;
    // Over the wire and back, as any client's request.
    const message = requestType.decode(requestType.encode(requestType.fromPartial(request)).finish());
    const signal = new AbortController().signal;
    const info = { token, clientAddress: '127.0.0.1', correlationId: randomUUID(), signal };
    return responseType.toJSON(await pipeline.invoke(fullName, message, info));
  }

  const callerOf = (token: string | undefined): Caller => ({
    call: (method, request = {}) => call(token, method, request),
    refusal: (method, request = {}) =>
      call(token, method, request).then(
        (answer: unknown) => Promise.reject(new Error(`${method} was allowed: ${JSON.stringify(answer)}`)),
        (error: ApiError) => ({ ...error.body(), status: error.httpStatus }),
      ),
  });

  const login = async (user_id: string, account_id: string): Promise<Caller> => {
    const now = clock.now();
    const owner = { scope_id: 'global', user_id, account_id, auth_method_id: DEV.authMethod };
    return callerOf((await transaction(db, now, (tx) => issueToken(deps, tx, owner, now))).text);
  };

  return {
    url: database.url,
    deps,
    statements,
    admin: await login(DEV.admin, DEV.adminAccount),
    user: await login(DEV.user, DEV.userAccount),
    anonymous: callerOf(undefined),
    async stop() {
      await db.close();
      await database.drop();
    },
  };
}

/** The names of the fields that a refusal is about, with the reasons. */
export const fieldsOf = (refusal: ErrorBody): Record<string, string> =>
  Object.fromEntries((refusal.details?.request_fields ?? []).map((field) => [field.name, field.description]));

/** What every test controller starts with. */
export const testPlan = (): Plan =>
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
