/**
 * authorize-session: checks the request, chooses a host and workers, inserts the session in one
 * statement, sends the session grant to the workers, and answers with the token that lets a client
 * connect. The order of the checks decides which error a caller sees first.
 */
import { hostOf } from '../../../lib/config/address';
import { ApiError } from '../../../lib/errors/errors';
import { newId } from '../../../lib/ids/ids';
import { createSessionCertificate, type SessionCertificate } from '../../../lib/tls/session-certificate';
import { encodeAuthorizationToken } from '../../../lib/transport/authorization-token';
import type { AuthorizeSessionRequest } from '../../../proto/gen/api/targets';
import type { Actor, Allowed, Item } from '../authz/authz';
import { ownToken, stillAllowed, guessable } from '../authz/refusal';
import type { ControllerDeps } from '../context';
import type { Control } from '../control/control';
import { egressGrant } from '../control/grants';
import { unlessBrokenOff } from '../db/db';
import { cutFields } from '../resources/present';
import { scopeInfo } from '../resources/rows';
import type { Op } from '../rpc/service';
import { mayStillOpen } from '../sessions/access-review';
import { endpointUrl, SESSION_PREFIX } from '../sessions/sessions';
import { noPlace, SessionPlaces } from '../sessions/session-places';
import { insertSession } from '../sessions/new-session.store';
import type { Candidate } from '../workers/workers.store';
import { brokeredCredentials, type SessionCredential } from './authorize-session.credentials';
import { chooseEndpoint, chooseWorkers, type Endpoint } from './authorize-session.choice';
import { checkShape, requestedTarget } from './authorize-session.request';
import { endpointsOf, targetById, type SessionTarget } from './authorize-session.store';

export type AuthorizeSessionDeps = ControllerDeps & {
  control: Pick<Control, 'pushGrant' | 'ensureLease' | 'leasesExpiredBefore'>;
};

/** How often the target may change between reading it and inserting the session. */
const MAX_ATTEMPTS = 3;

interface NewSession {
  id: string;
  now: Date;
  expiration: Date;
  url: string;
  endpoint: Endpoint;
  workers: Candidate[];
  keys: SessionCertificate;
  credentials: SessionCredential[];
}

/** Handler of the targets service. */
export function authorizeSession(deps: AuthorizeSessionDeps) {
  const on = deps.db.executor;
  const places = new SessionPlaces(deps.config.limits);

  return async (op: Op, request: AuthorizeSessionRequest) => {
    checkShape(request);
    const look = () => requestedTarget(on, request);
    let target = await (request.name === '' ? look() : guessable(() => deps.authz.actor(op), look));
    const allowed = await deps.authz.check(op, 'authorize-session', resourceOf(target));
    // A session belongs to a token.
    ownToken(allowed.actor);
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const session = await plan(deps, op, target, request.host_id);
      const workers = await store({ ...deps, places }, op, allowed, target, session);
      if (workers !== undefined) {
        const shown = answer(target, { ...session, workers }, allowed.actor);
        return { item: cutFields(shown, allowed.decision) };
      }
      target = (await targetById(on, target.id)) ?? target;
    }
    throw new ApiError('Unavailable', 'The target changes too often right now: try again.');
  };
}

const resourceOf = (target: SessionTarget): Item<'target'> => ({
  type: 'target',
  id: target.id,
  scopeId: target.scope_id,
  parentScopeId: target.scope.parent_scope_id,
});

async function plan(deps: AuthorizeSessionDeps, op: Op, target: SessionTarget, hostId: string): Promise<NewSession> {
  const on = deps.db.executor;
  const endpoints = target.address === null ? await endpointsOf(on, target.id) : [];
  const endpoint = chooseEndpoint(target.address, endpoints, hostId);
  // After an outage of the database, the workers attached here come back on record first.
  await deps.control.ensureLease();
  const workers = await chooseWorkers(op, on, target.worker_filter, deps.control.leasesExpiredBefore());
  const now = deps.clock.now();
  const credentials = target.brokers_credentials ? await brokeredCredentials(deps, target.id) : [];
  const id = newId(SESSION_PREFIX);
  const expiration = new Date(now.getTime() + target.session_max_seconds * 1_000);
  const workerHosts = workers.map((worker) => hostOf(worker.address));
  return {
    id,
    now,
    expiration,
    url: endpointUrl(target.type, endpoint.address, target.default_port),
    endpoint,
    workers,
    keys: createSessionCertificate({ sessionId: id, workerHosts, now, expiration }),
    credentials,
  };
}

/**
 * Stores the session and sends its grant to its workers. Answers the workers, or undefined when the
 * target changed meanwhile.
 */
async function store(
  deps: AuthorizeSessionDeps & { places: SessionPlaces },
  op: Op,
  allowed: Allowed<'target', 'authorize-session'>,
  target: SessionTarget,
  session: NewSession,
): Promise<Candidate[] | undefined> {
  const { id, now, expiration, endpoint, keys } = session;
  const sealed = await deps.kms.encrypt(deps.db.executor, target.scope_id, 'sessions', keys.privateKey, {
    column: 'sessions.private_key',
    row: id,
  });
  const record = {
    id,
    targetVersion: target.version,
    hostId: endpoint.host_id,
    hostSetId: endpoint.host_set_id,
    endpoint: session.url,
    certificate: keys.certificate,
    privateKey: sealed.ciphertext,
    keyId: sealed.keyId,
    correlationId: op.id,
    now,
    expiration,
    workerIds: session.workers.map((worker) => worker.id),
  };
  const { places } = deps;
  // A scope that is deleted at this moment locks the same rows in another order.
  const made = await unlessBrokenOff(() => insertSession(deps.db.executor, allowed, record, places));
  if (made.outcome === 'target changed') return undefined;
  if (made.outcome === 'no place') throw noPlace(made.limit, places.limits);
  const { workerIds } = made;
  stillAllowed(allowed.actor, await mayStillOpen(deps, allowed, { sessionId: id, now }));
  deps.control.pushGrant(workerIds, egressGrant(grantInput(target, session), keys.privateKey, now));
  const serving = new Set(workerIds);
  return session.workers.filter((worker) => serving.has(worker.id));
}

const grantInput = (target: SessionTarget, session: NewSession) => ({
  id: session.id,
  endpoint: session.url,
  certificate: session.keys.certificate,
  connection_limit: target.session_connection_limit,
  offline_grace_seconds: target.offline_grace_seconds,
  expiration_time: session.expiration,
});

function answer(target: SessionTarget, session: NewSession, actor: Actor) {
  const common = {
    session_id: session.id,
    target_id: target.id,
    scope: scopeInfo(target.scope),
    type: target.type,
    connection_limit: target.session_connection_limit,
    endpoint: session.url,
    endpoint_port: target.default_port,
    expiration: session.expiration,
    host_id: session.endpoint.host_id ?? '',
  };
  const authorization_token = encodeAuthorizationToken({
    ...common,
    created_time: session.now,
    certificate: session.keys.certificate,
    private_key: session.keys.privateKey,
    worker_info: session.workers.map(({ address }) => ({ address })),
    default_client_port: target.default_client_port ?? 0,
  });
  return {
    ...common,
    created_time: session.now,
    user_id: actor.userId,
    host_set_id: session.endpoint.host_set_id ?? '',
    authorization_token,
    credentials: session.credentials,
  };
}
