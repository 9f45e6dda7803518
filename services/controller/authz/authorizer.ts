/**
 * The authorization point at work: the caller's token and grants are loaded once per operation, in one statement when
 * the token is good; every decision of {@link Authz.check} leaves an audit event.
 */
import { createHash } from 'node:crypto';
import { ApiError } from '../../../lib/errors/errors';
import type { Logger } from '../../../lib/log/log';
import { verifyToken, type TokenDeps } from '../auth-tokens/tokens';
import type { Op } from '../rpc/service';
import type { Actor, Allowed, Authz, Holdings } from './authz';
import { loadGrants, type GrantRow } from './authorizer.store';
import {
  decide,
  GrantError,
  parseGrant,
  reaches,
  type Decision,
  type Grant,
  type HeldGrant,
  type Resource,
  type Subject,
} from './grants';

/** What happened at the authorization point. */
export interface AuditEvent {
  op: string;
  method: string;
  client_address: string;
  user_id: string;
  account_id: string | undefined;
  auth_token_id: string | undefined;
  action: string;
  resource: Resource;
  allowed: boolean;
  /** Role and grant that allowed it, or why nothing did. */
  reason: string;
}

export interface AuthorizerDeps extends TokenDeps {
  audit: (event: AuditEvent) => void;
}

/** Writes audit events as log lines with `type: "audit"`, whatever level the log has. */
export function auditLog(log: Logger): (event: AuditEvent) => void {
  const audit = log.child({ type: 'audit' }, { level: 'info' });
  return (event) => audit.info(event, 'audit');
}

/** What an operation's caller holds. */
interface Session {
  actor: Actor;
  subject: Subject;
  grants: HeldGrant[];
  /** Grants that reach a scope and may be about a type, by both. */
  near: Map<string, HeldGrant[]>;
}

/** Parsed grants; the texts are canonical and few. */
const MAX_PARSED = 10_000;

export const createAuthz = (deps: AuthorizerDeps): Authz => new Authorizer(deps);

class Authorizer implements Authz {
  private readonly sessions = new WeakMap<Op, Promise<Session>>();
  private readonly parsed = new Map<string, Grant | undefined>();

  constructor(private readonly deps: AuthorizerDeps) {}

  async actor(op: Op): Promise<Actor> {
    return (await this.session(op)).actor;
  }

  async check<A extends string>(op: Op, action: A, resource: Resource): Promise<Allowed<A>> {
    const { actor } = await this.session(op);
    const decision = await this.decide(op, action, resource);
    this.deps.audit(auditEvent(op, actor, action, resource, decision));
    if (decision.allowed) return { actor, action, resource, decision } as unknown as Allowed<A>;
    if (actor.authTokenId === undefined) {
      throw new ApiError('Unauthenticated', 'Unauthenticated, or invalid token.');
    }
    throw new ApiError('PermissionDenied', 'Forbidden.');
  }

  async decide(op: Op, action: string, resource: Resource): Promise<Decision> {
    return this.decideIn(await this.session(op), action, resource);
  }

  private decideIn({ subject, grants, near }: Session, action: string, resource: Resource): Decision {
    const key = `${resource.type} ${resource.scopeId} ${resource.parentScopeId ?? ''}`;
    let candidates = near.get(key);
    if (candidates === undefined) {
      candidates = grants.filter((held) => isAbout(held.grant, resource.type) && reaches(held, resource));
      near.set(key, candidates);
    }
    return decide(subject, candidates, resource, action);
  }

  async allowedActions(op: Op, actions: readonly string[], resource: Resource): Promise<string[]> {
    const allowed: string[] = [];
    for (const action of actions) {
      if ((await this.decide(op, action, resource)).allowed) allowed.push(action);
    }
    return allowed;
  }

  async grantsHash(op: Op): Promise<string> {
    return hashOf((await this.session(op)).grants);
  }

  async holdings(userId: string): Promise<Holdings> {
    const everybody = userId === 'u_anon' ? ['u_anon'] : ['u_anon', 'u_auth'];
    // Only whether somebody is logged in counts; there is no token.
    const authTokenId = userId === 'u_anon' ? undefined : 'none';
    const held = await loadGrants(this.deps.db.executor, [...everybody, userId]);
    const session = this.toSession({ userId, accountId: undefined, authTokenId }, held);
    return {
      hasAny: (actions, resource) => actions.some((action) => this.decideIn(session, action, resource).allowed),
      grantsHash: hashOf(session.grants),
    };
  }

  private session(op: Op): Promise<Session> {
    let found = this.sessions.get(op);
    if (found === undefined) {
      found = this.load(op);
      this.sessions.set(op, found);
    }
    return found;
  }

  private async load(op: Op): Promise<Session> {
    const verified = op.token === undefined ? undefined : await verifyToken(this.deps, op.token, op.clock.now());
    if (verified === undefined) {
      const actor: Actor = { userId: 'u_anon', accountId: undefined, authTokenId: undefined };
      return this.toSession(actor, await loadGrants(this.deps.db.executor, ['u_anon']));
    }
    const { id, user_id, account_id, grants } = verified;
    return this.toSession({ userId: user_id, accountId: account_id, authTokenId: id }, grants);
  }

  private toSession(actor: Actor, rows: readonly GrantRow[]): Session {
    const grants: HeldGrant[] = [];
    for (const row of rows) {
      const grant = this.parse(row.canonical);
      if (grant === undefined) continue;
      const { role_id: roleId, role_scope_id: roleScopeId, grant_scope_id: grantScope } = row;
      grants.push({ grant, roleId, roleScopeId, grantScope });
    }
    const subject = { userId: actor.userId, accountId: actor.accountId, anonymous: actor.authTokenId === undefined };
    return { actor, subject, grants, near: new Map() };
  }

  /** A stored grant that no longer parses gives nothing. */
  private parse(canonical: string): Grant | undefined {
    if (this.parsed.has(canonical)) return this.parsed.get(canonical);
    if (this.parsed.size >= MAX_PARSED) this.parsed.clear();
    const grant = parseOrUndefined(canonical);
    this.parsed.set(canonical, grant);
    return grant;
  }
}

function hashOf(grants: readonly HeldGrant[]): string {
  const lines = grants.map((held) => `${held.grant.canonical} ${held.roleId} ${held.grantScope}`).sort();
  return createHash('sha256').update(lines.join('\n')).digest('base64url').slice(0, 11);
}

/** False when no resource of the type can match the grant; lists decide often, so this is asked once. */
const isAbout = (grant: Grant, type: string): boolean =>
  grant.type === undefined || grant.type === '*' || grant.type === type;

function parseOrUndefined(canonical: string): Grant | undefined {
  try {
    return parseGrant(canonical);
  } catch (error) {
    if (error instanceof GrantError) return undefined;
    throw error;
  }
}

function auditEvent(op: Op, actor: Actor, action: string, resource: Resource, made: Decision): AuditEvent {
  return {
    op: op.id,
    method: op.method,
    client_address: op.clientAddress,
    user_id: actor.userId,
    account_id: actor.accountId,
    auth_token_id: actor.authTokenId,
    action,
    resource,
    allowed: made.allowed,
    reason: made.by === undefined ? 'no grant allows it' : `role ${made.by.roleId}: ${made.by.grant}`,
  };
}
