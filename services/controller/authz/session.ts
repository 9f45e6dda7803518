/**
 * Decides what one caller or one user may do, by the grants near a resource. What these say about
 * every item of a type in a scope is computed once. For an item, only the grants that name it are
 * walked.
 */
import type { Work } from '../../../lib/limits/work';
import { everyIdAction, typeOfId } from './actions';
import { hashOfRoles, STEPS_PER_GRANT, type NearGrants, type Place, type ScopeAccess } from './access';
import type { Access } from './access-cache';
import type { Places } from './authorizer.store';
import type { Actor, Reach } from './authz';
import { templateOf } from './grant-parser';
import { decisionOf, judge, meantBy, noVerdict } from './grants';
import type { Decision, Resource, RoleGrant, Subject, Verdict } from './grants';

/**
 * Scopes whose roles can reach a resource. Scopes as items show what may be done in them, so that
 * their own roles count too.
 */
export function placesOf({ type, id, scopeId, parentScopeId }: Resource): Exclude<Places, 'everywhere'> {
  const inside = type === 'scope' && id ? [id] : [];
  const scopes = [...new Set([...inside, scopeId, ...(parentScopeId ? [parentScopeId] : []), 'global'])];
  return { scopes, below: type === 'scope' && !id ? scopeId : undefined };
}

/** Stands for an item that no grant names. */
const ANY_ID = 'any';

export class Session {
  readonly subject: Subject;
  /** By scope of the roles. */
  private readonly access = new Map<string, ScopeAccess[]>();
  private readonly looked = new Set<string>();
  /** Scopes whose children were looked at. */
  private readonly lookedBelow = new Set<string>();
  private readonly near = new Map<string, Near>();
  private everywhere = false;

  /**
   * `isRecovery`: the recovery key made the token. Such a session may do everything. No other
   * session has it, whatever its user.
   */
  constructor(
    readonly actor: Actor,
    readonly isRecovery = false,
  ) {
    const { userId, accountId } = actor;
    this.subject = { userId, accountId, anonymous: userId === 'u_anon' };
  }

  /** Whose grants count. */
  get holders(): string[] {
    const { userId, anonymous } = this.subject;
    return anonymous ? ['u_anon'] : [...new Set([userId, 'u_auth', 'u_anon'])];
  }

  /** The places whose roles can reach the resource (or anything) and are not loaded yet. */
  missing(at: Resource | 'everywhere'): Places | undefined {
    if (this.everywhere) return undefined;
    if (at === 'everywhere') return at;
    const parents = new Map([[at.scopeId, at.parentScopeId], ...(at.id ? [[at.id, at.scopeId] as const] : [])]);
    const places = placesOf(at);
    const scopes = places.scopes.filter(
      (scope) => !this.looked.has(scope) && !this.lookedBelow.has(parents.get(scope) ?? ''),
    );
    return scopes.length === 0 ? undefined : { ...places, scopes };
  }

  /** Adds what the holders have from the roles of the scopes that were missing. */
  add(found: readonly Access[], looked: Places): void {
    if (looked === 'everywhere') {
      this.everywhere = true;
      this.access.clear();
    } else {
      for (const scope of looked.scopes) this.looked.add(scope);
      if (looked.below !== undefined) this.lookedBelow.add(looked.below);
    }
    this.near.clear();
    for (const { access } of found) {
      if (access.roles.length === 0) continue;
      const those = this.access.get(access.scopeId);
      if (those === undefined) this.access.set(access.scopeId, [access]);
      else if (!those.includes(access)) those.push(access);
    }
  }

  decide(action: string, resource: Resource, work: Work): Decision {
    return this.nearTo(resource.type, resource, work).decide(action, resource, work);
  }

  allowed(actions: readonly string[], resource: Resource, work: Work): string[] {
    return this.nearTo(resource.type, resource, work).allowed(actions, resource, work);
  }

  reach(collection: Resource, work: Work): Reach {
    const actions = everyIdAction(collection.type);
    const anyItem = { ...collection, id: ANY_ID };
    const may = this.allowed(actions, anyItem, work);
    if (may.some((action) => !action.endsWith(':self'))) return { everything: true, own: true, ids: [] };
    const ids = this.nearTo(collection.type, collection, work).ids(collection.type);
    return { everything: false, own: may.length > 0, ids };
  }

  grantsHash(work: Work): string {
    return hashOfRoles([...this.access.values()].flat(), work);
  }

  private nearTo(type: string, place: Place, work: Work): Near {
    const key = `${type} ${place.scopeId} ${place.parentScopeId ?? ''}`;
    let found = this.near.get(key);
    if (found === undefined) {
      const scopes = new Set([place.scopeId, place.parentScopeId ?? 'global', 'global']);
      const reaching = [...scopes].flatMap((scope) => this.access.get(scope) ?? []);
      found = new Near(
        this.subject,
        reaching.map((access) => access.nearTo(type, place, work)),
      );
      this.near.set(key, found);
    }
    return found;
  }
}

/** The grants near the items of one type in one scope. */
class Near {
  /** What grants that name no item say, by action. */
  private readonly ofItems = new Map<string, Verdict>();
  private readonly ofCollections = new Map<string, Verdict>();
  private readonly lists = new Map<readonly string[], string[]>();
  private readonly general: readonly RoleGrant[];
  /** What templates stand for. */
  private readonly own: ReadonlyMap<string, readonly RoleGrant[]>;

  constructor(
    private readonly subject: Subject,
    private readonly parts: readonly NearGrants[],
  ) {
    // Anonymous callers get nothing from grants that name ids.
    this.general = parts.flatMap((part) => (subject.anonymous ? part.all : part.general));
    this.own = ownGrants(subject, parts);
  }

  decide(action: string, resource: Resource, work: Work): Decision {
    return this.decision(action, resource, this.naming(resource), work);
  }

  allowed(actions: readonly string[], resource: Resource, work: Work): string[] {
    const naming = this.naming(resource);
    const may = (): string[] => actions.filter((action) => this.decision(action, resource, naming, work).allowed);
    if (naming.length > 0 || !resource.id) return may();
    let list = this.lists.get(actions);
    if (list === undefined) this.lists.set(actions, (list = may()));
    work.charge(STEPS_PER_GRANT);
    return [...list];
  }

  /** Items of the type that are named. */
  ids(type: string): string[] {
    const own = [...this.own.keys()].filter((id) => typeOfId(id) === type);
    return [...new Set([...this.parts.flatMap((part) => part.ids), ...own])];
  }

  /** Grants that name the item or what it is a child of. */
  private naming({ id, pin }: Resource): RoleGrant[] {
    if (this.subject.anonymous) return [];
    const ids = [id, pin].filter((one) => one !== undefined);
    return ids.flatMap((one) => [
      ...this.parts.flatMap((part) => part.byId.get(one) ?? []),
      ...(this.own.get(one) ?? []),
    ]);
  }

  private decision(action: string, resource: Resource, naming: readonly RoleGrant[], work: Work): Decision {
    const general = this.generally(action, resource, work);
    if (naming.length === 0) return decisionOf(general, this.subject);
    work.charge(STEPS_PER_GRANT * naming.length);
    const verdict = { by: general.by, fields: new Set(general.fields) };
    judge(verdict, this.subject, naming, resource, action);
    return decisionOf(verdict, this.subject);
  }

  private generally(action: string, resource: Resource, work: Work): Verdict {
    const verdicts = resource.id ? this.ofItems : this.ofCollections;
    let verdict = verdicts.get(action);
    if (verdict === undefined) {
      work.charge(STEPS_PER_GRANT * this.general.length);
      verdict = noVerdict();
      judge(verdict, this.subject, this.general, resource, action);
      verdicts.set(action, verdict);
    }
    return verdict;
  }
}

function ownGrants(subject: Subject, parts: readonly NearGrants[]): Map<string, RoleGrant[]> {
  const own = new Map<string, RoleGrant[]>();
  for (const held of parts.flatMap((part) => part.templates)) {
    for (const granted of held.grant.ids!) {
      const id = templateOf(granted) === undefined ? undefined : meantBy(granted, subject);
      if (id === undefined) continue;
      const those = own.get(id);
      if (those === undefined) own.set(id, [held]);
      else if (those.at(-1) !== held) those.push(held);
    }
  }
  return own;
}
