/**
 * The authorization point at work: the caller's token and grants are loaded once per operation, in one statement when
 * the token is good; every decision of {@link Authz.check} leaves an audit event.
 */
import { createHash } from 'node:crypto';
import { ApiError } from '../../../lib/errors/errors';
import type { AeadKey } from '../../../lib/config/aead-key';
import { eventLevel, type Logger } from '../../../lib/log/log';
import { isRecoveryToken } from '../../../lib/recovery/recovery-token';
import type { KnownTokens } from '../auth-tokens/known-tokens';
import { verifyToken, type TokenDeps } from '../auth-tokens/tokens';
import { acceptRecoveryToken, RECOVERY_USER } from '../recovery/accept-token';
import type { Op } from '../rpc/service';
import { everyIdAction } from './actions';
import type { Actor, Allowed, Authz, Holdings, Reach } from './authz';
import { loadGrants, loadGrantsByHolder, type GrantRow } from './authorizer.store';
import {
  decide,
  GrantError,
  grantedIds,
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
  /** Absent: recovery tokens are refused. */
  recoveryKey?: AeadKey | undefined;
  audit: (event: AuditEvent) => void;
  /** Is told which tokens are good. */
  known?: KnownTokens | undefined;
}

/** Writes audit events as log lines with `type: "audit"`, whatever level the log has. */
export function auditLog(log: Logger): (event: AuditEvent) => void {
  const audit = log.child({ type: 'audit' }, { level: eventLevel(log, 'audit') });
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

/** What the recovery user may do: everything. */
const RECOVERY: Decision = { allowed: true, outputFields: 'all', by: { roleId: 'none', grant: 'recovery key' } };

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
    if (actor.userId === 'u_anon') {
      throw new ApiError('Unauthenticated', 'Unauthenticated, or invalid token.');
    }
    throw new ApiError('PermissionDenied', 'Forbidden.');
  }

  async decide(op: Op, action: string, resource: Resource): Promise<Decision> {
    return this.decideIn(await this.session(op), action, resource);
  }

  private decideIn({ subject, grants, near }: Session, action: string, resource: Resource): Decision {
    if (subject.userId === RECOVERY_USER) return RECOVERY;
    const key = `${resource.type} ${resource.scopeId} ${resource.parentScopeId ?? ''}`;
    let candidates = near.get(key);
    if (candidates === undefined) {
      candidates = grants.filter((held) => isAbout(held.grant, resource.type) && reaches(held, resource));
      near.set(key, candidates);
    }
    return decide(subject, candidates, resource, action);
  }

  async reach(op: Op, collection: Resource): Promise<Reach> {
    return this.reachIn(await this.session(op), collection);
  }

  private reachIn(session: Session, collection: Resource): Reach {
    const actions = everyIdAction(collection.type);
    const plain = actions.filter((action) => !action.endsWith(':self'));
    const mayAny = (some: readonly string[]) =>
      some.some((action) => this.decideIn(session, action, { ...collection, id: ANY_ID }).allowed);
    if (mayAny(plain)) return { everything: true, own: true, ids: [] };
    return { everything: false, own: mayAny(actions), ids: grantedIds(session.subject, session.grants, collection) };
  }

  async allowedActions(op: Op, actions: readonly string[], resource: Resource): Promise<string[]> {
    const allowed: string[] = [];
    for (const action of actions) {
      if ((await this.decide(op, action, resource)).allowed) allowed.push(action);
    }
    return allowed;
  }

  async grantsHash(op: Op): Promise<string> {
    const { actor, grants } = await this.session(op);
    return actor.userId === RECOVERY_USER ? RECOVERY_USER : hashOf(grants);
  }

  async holdings(userId: string): Promise<Holdings> {
    return (await this.holdingsOf([userId])).get(userId)!;
  }

  async holdingsOf(userIds: readonly string[]): Promise<Map<string, Holdings>> {
    const everybody = ['u_anon', 'u_auth'];
    const held = await loadGrantsByHolder(this.deps.db.executor, [...everybody, ...userIds]);
    const byHolder = new Map<string, GrantRow[]>();
    for (const { holder, ...grant } of held) byHolder.set(holder, [...(byHolder.get(holder) ?? []), grant]);
    return new Map(
      userIds.map((userId) => {
        const holders = new Set([...(userId === 'u_anon' ? [] : ['u_auth']), 'u_anon', userId]);
        return [
          userId,
          this.holdingsFrom(
            userId,
            [...holders].flatMap((holder) => byHolder.get(holder) ?? []),
          ),
        ];
      }),
    );
  }

  private holdingsFrom(userId: string, held: readonly GrantRow[]): Holdings {
    // Only whether somebody is logged in counts; there is no token.
    const authTokenId = userId === 'u_anon' ? undefined : 'none';
    const session = this.toSession({ userId, accountId: undefined, authTokenId }, held);
    return {
      reach: (collection) => this.reachIn(session, collection),
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
    if (op.token !== undefined && isRecoveryToken(op.token)) {
      const { db, recoveryKey } = this.deps;
      const actor: Actor = { userId: RECOVERY_USER, accountId: undefined, authTokenId: undefined };
      if (await acceptRecoveryToken({ db, recoveryKey }, op, op.token)) return this.toSession(actor, []);
      return this.anonymous();
    }
    const verified = op.token === undefined ? undefined : await verifyToken(this.deps, op.token, op.clock.now());
    this.deps.known?.note(op.token, verified?.user_id);
    if (verified === undefined) return this.anonymous();
    const { id, user_id, account_id, grants } = verified;
    return this.toSession({ userId: user_id, accountId: account_id, authTokenId: id }, grants);
  }

  private async anonymous(): Promise<Session> {
    const actor: Actor = { userId: 'u_anon', accountId: undefined, authTokenId: undefined };
    return this.toSession(actor, await loadGrants(this.deps.db.executor, ['u_anon']));
  }

  private toSession(actor: Actor, rows: readonly GrantRow[]): Session {
    const grants: HeldGrant[] = [];
    for (const row of rows) {
      const grant = this.parse(row.canonical);
      if (grant === undefined) continue;
      const { role_id: roleId, role_scope_id: roleScopeId, grant_scope_id: grantScope } = row;
      grants.push({ grant, roleId, roleScopeId, grantScope });
    }
    const subject = { userId: actor.userId, accountId: actor.accountId, anonymous: actor.userId === 'u_anon' };
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

/** Stands for an item that no grant names. */
const ANY_ID = 'any';

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
