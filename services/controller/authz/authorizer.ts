/**
 * The authorization point at work. The first question of an operation verifies the caller's token
 * and asks, in the same statement, what has changed of the grants that can reach the resource; what
 * has not is at hand. Every decision of {@link Authz.check} leaves an audit event.
 */
import type { AeadKey } from '../../../lib/config/aead-key';
import { Recent } from '../../../lib/limits/recent';
import { Work } from '../../../lib/limits/work';
import { eventLevel, type Logger } from '../../../lib/log/log';
import { isRecoveryToken } from '../../../lib/recovery/recovery-token';
import type { KnownTokens } from '../auth-tokens/known-tokens';
import { splitToken, verifyToken, type TokenDeps } from '../auth-tokens/tokens';
import { acceptRecoveryToken, RECOVERY_USER } from '../recovery/accept-token';
import type { Op } from '../rpc/service';
import { AccessCache, type Access } from './access-cache';
import type { ActionOn, ResourceType } from './actions';
import type {
  Actor,
  Allowed,
  AllowedAs,
  AllowedIn,
  AllowedInAs,
  Authz,
  Collection,
  Holdings,
  Item,
  Reach,
  Resource,
  Wanted,
} from './authz';
import { loadAccess, loadAccessOfPairs, type Places } from './authorizer.store';
import type { Decision } from './grants';
import { prove } from './proof';
import { denied } from './refusal';
import { placesOf, Session } from './session';

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

/** What the recovery user may do: everything. */
const RECOVERY: Decision = { allowed: true, outputFields: 'all', by: { roleId: 'none', grant: 'recovery key' } };

/** The place to look at when the caller does not say what will be decided on. */
const NOWHERE_ELSE: Resource = { type: 'scope', id: 'global', scopeId: 'global' };

/**
 * Users of the tokens that were seen last. They are only a hint at which cache entries to compare.
 */
const MAX_TOKEN_USERS = 10_000;

export const createAuthz = (deps: AuthorizerDeps): Authz => new Authorizer(deps);

class Authorizer implements Authz {
  private readonly sessions = new WeakMap<Op, Promise<Session>>();
  private readonly cache = new AccessCache();
  private readonly userOfToken = new Recent<string, string>(MAX_TOKEN_USERS);

  constructor(private readonly deps: AuthorizerDeps) {}

  async actor(op: Op, at?: Resource | 'everywhere'): Promise<Actor> {
    const begun = at === undefined ? this.sessions.get(op) : undefined;
    return (await (begun ?? this.session(op, at ?? NOWHERE_ELSE))).actor;
  }

  check<T extends ResourceType, const A extends ActionOn<T>>(op: Op, action: A, item: Item<T>): Promise<Allowed<T, A>>;
  check<T extends ResourceType, const A extends ActionOn<T>>(
    op: Op,
    action: A,
    collection: Collection<T>,
  ): Promise<AllowedIn<T, A>>;
  check<T extends ResourceType, A extends ActionOn<T>>(op: Op, action: A, resource: Resource<T>): Promise<unknown> {
    return this.proof(op, action, resource);
  }

  checkAs<T extends ResourceType, const A extends string>(op: Op, action: A, item: Item<T>): Promise<AllowedAs<T, A>>;
  checkAs<T extends ResourceType, const A extends string>(
    op: Op,
    action: A,
    collection: Collection<T>,
  ): Promise<AllowedInAs<T, A>>;
  checkAs<T extends ResourceType>(op: Op, action: ActionOn<T>, resource: Resource<T>): Promise<unknown> {
    return this.proof(op, action, resource);
  }

  private async proof<T extends ResourceType>(op: Op, action: ActionOn<T>, resource: Resource<T>): Promise<unknown> {
    const { actor } = await this.session(op, resource);
    const decision = await this.decide(op, action, resource);
    this.deps.audit(auditEvent(op, actor, action, resource, decision));
    if (!decision.allowed) throw denied(actor);
    return prove(actor, action, resource, decision);
  }

  async refuse(op: Op, action: string, resource: Resource, refusal = denied): Promise<never> {
    const { actor } = await this.session(op, resource);
    this.deps.audit(auditEvent(op, actor, action, resource, { allowed: false, outputFields: new Set() }));
    throw refusal(actor);
  }

  async decide(op: Op, action: string, resource: Resource): Promise<Decision> {
    const session = await this.session(op, resource);
    return session.isRecovery ? RECOVERY : session.decide(action, resource, op.work);
  }

  async reach(op: Op, collection: Resource): Promise<Reach> {
    const session = await this.session(op, collection);
    return session.isRecovery ? { everything: true, own: true, ids: [] } : session.reach(collection, op.work);
  }

  async allowedActions(op: Op, actions: readonly string[], resource: Resource): Promise<string[]> {
    const session = await this.session(op, resource);
    return session.isRecovery ? [...actions] : session.allowed(actions, resource, op.work);
  }

  async grantsHash(op: Op): Promise<string> {
    const session = await this.sessions.get(op);
    if (session === undefined) throw new Error('grants have a hash once something was checked');
    return session.isRecovery ? RECOVERY_USER : session.grantsHash(op.work);
  }

  async holdings(op: Op, userId: string): Promise<Holdings> {
    const session = sessionOfUser(userId);
    await this.extend(session, 'everywhere', op.work);
    return holdingsOf(session, op.work);
  }

  async mayAny(wanted: readonly Wanted[], actions: readonly string[]): Promise<boolean[]> {
    const work = new Work(Infinity, STRETCH_OF_REVIEW);
    const sessions = new Map(wanted.map(({ userId }) => [userId, sessionOfUser(userId)]));
    const pairs = new Map<string, readonly [string, string]>();
    for (const { userId, resource } of wanted) {
      for (const holder of sessions.get(userId)!.holders) {
        for (const scope of placesOf(resource).scopes) pairs.set(`${holder} ${scope}`, [holder, scope]);
      }
    }
    const found = await this.loadPairs([...pairs.values()], work);
    for (const session of sessions.values()) {
      session.add(
        session.holders.flatMap((holder) => found.get(holder) ?? []),
        'everywhere',
      );
    }
    const may: boolean[] = [];
    for (const { userId, resource } of wanted) {
      const session = sessions.get(userId)!;
      may.push(session.isRecovery || session.allowed(actions, resource, work).length > 0);
      if (work.isDue) await work.breathe();
    }
    return may;
  }

  private async loadPairs(pairs: readonly (readonly [string, string])[], work: Work): Promise<Map<string, Access[]>> {
    const snapshot = this.cache.snapshotOf(pairs);
    const [holders, scopes] = [pairs.map(([holder]) => holder), pairs.map(([, scope]) => scope)];
    const rows = await loadAccessOfPairs(this.deps.db.executor, { holders, scopes }, snapshot.known);
    const byHolder = new Map<string, Access[]>();
    for (const access of await snapshot.with(rows, work)) {
      const those = byHolder.get(access.holder);
      if (those === undefined) byHolder.set(access.holder, [access]);
      else those.push(access);
    }
    return byHolder;
  }

  /** The caller with what it holds that can reach the resource. */
  private async session(op: Op, at: Resource | 'everywhere'): Promise<Session> {
    const begun = this.sessions.get(op);
    if (begun === undefined) {
      const loading = this.load(op, at === 'everywhere' ? at : placesOf(at));
      this.sessions.set(op, loading);
      return loading;
    }
    const session = await begun;
    await this.extend(session, session.missing(at), op.work);
    return session;
  }

  /** Loads the places that the session has not loaded yet. */
  private async extend(session: Session, missing: Places | undefined, work: Work): Promise<void> {
    if (missing === undefined || session.isRecovery) return;
    const snapshot = this.cache.snapshot(session.holders, missing);
    const rows = await loadAccess(this.deps.db.executor, session.holders, missing, snapshot.known);
    session.add(await snapshot.with(rows, work), missing);
  }

  private async load(op: Op, places: Places): Promise<Session> {
    if (op.token !== undefined && isRecoveryToken(op.token)) {
      const { db, recoveryKey } = this.deps;
      const actor: Actor = { userId: RECOVERY_USER, accountId: undefined, authTokenId: undefined };
      if (!(await acceptRecoveryToken({ db, recoveryKey }, op, op.token))) return this.anonymous(op, places);
      op.authenticated?.(RECOVERY_USER);
      return new Session(actor, true);
    }
    const verified = op.token === undefined ? undefined : await this.verified(op, op.token, places);
    this.deps.known?.note(op.token, verified?.actor.userId);
    if (verified === undefined) return this.anonymous(op, places);
    op.authenticated?.(verified.actor.userId);
    return verified;
  }

  /**
   * The session of a valid token. One statement verifies the token and tells what has changed of
   * its user's grants.
   */
  private async verified(op: Op, text: string, places: Places): Promise<Session | undefined> {
    const tokenId = splitToken(text)?.id ?? '';
    const guessed = this.userOfToken.get(tokenId);
    const holders = [...(guessed === undefined ? [] : [guessed]), 'u_auth', 'u_anon'];
    const snapshot = this.cache.snapshot(holders, places);
    const token = await verifyToken(this.deps, text, op.clock.now(), { places, known: snapshot.known });
    if (token === undefined) return undefined;
    this.userOfToken.set(token.id, token.user_id);
    const session = new Session({ userId: token.user_id, accountId: token.account_id, authTokenId: token.id });
    session.add(await snapshot.with(token.access, op.work), places);
    return session;
  }

  private async anonymous(op: Op, places: Places): Promise<Session> {
    const session = sessionOfUser('u_anon');
    await this.extend(session, places, op.work);
    return session;
  }
}

/** Steps of an access review after which other work gets its turn. */
const STRETCH_OF_REVIEW = 1_000_000;

/** The rights of a user without a token: only whether somebody is logged in counts. */
const sessionOfUser = (userId: string): Session =>
  new Session({ userId, accountId: undefined, authTokenId: userId === 'u_anon' ? undefined : 'none' });

const holdingsOf = (session: Session, work: Work): Holdings => ({
  reach: (collection) =>
    session.isRecovery ? { everything: true, own: true, ids: [] } : session.reach(collection, work),
  hasAny: (actions, resource) => session.isRecovery || session.allowed(actions, resource, work).length > 0,
  grantsHash: session.isRecovery ? RECOVERY_USER : session.grantsHash(work),
});

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
