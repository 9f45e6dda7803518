/**
 * The decision: which of the grants a caller holds apply to a resource, whether one of them allows an action, and which
 * fields of the answer they let through. Pure; there are no deny rules, and the order of grants does not matter.
 */
import { isGlobalOnly, isTopLevel, typeOfId } from './actions';
import { isCollectionAction, templateOf, type Grant } from './grant-parser';

export { GrantError, parseGrant, type Grant } from './grant-parser';

/** What an action is performed on: an item, or a collection when `id` is absent. */
export interface Resource {
  type: string;
  id?: string | undefined;
  /** Scope it lives in; for a scope its parent (for `global` itself). */
  scopeId: string;
  /** Parent of that scope; absent for global. */
  parentScopeId?: string | undefined;
  /** Id of the item that it is a child of, such as the host catalog of a host. */
  pin?: string | undefined;
}

/** `default-anonymous`: the few fields that callers without a token see. */
export type OutputFields = 'all' | 'default-anonymous' | ReadonlySet<string>;

export interface Decision {
  allowed: boolean;
  outputFields: OutputFields;
  /** A grant that allowed it, for the audit event. */
  by?: { roleId: string; grant: string };
}

/** A grant of a role that the caller holds, at one of the role's grant scopes. */
export interface HeldGrant {
  grant: Grant;
  roleId: string;
  roleScopeId: string;
  /** `this`, `children`, `descendants` or the id of a scope. */
  grantScope: string;
}

/** Who acts. */
export interface Subject {
  userId: string;
  accountId: string | undefined;
  /** Without a valid token: may list scopes and auth methods and log in, whatever is granted. */
  anonymous: boolean;
}

/** Whether the grant reaches the scope that the resource lives in. */
export function reaches(held: HeldGrant, resource: Pick<Resource, 'scopeId' | 'parentScopeId'>): boolean {
  switch (held.grantScope) {
    case 'this':
      return held.roleScopeId === resource.scopeId;
    case 'children':
      return held.roleScopeId === resource.parentScopeId;
    case 'descendants':
      return resource.scopeId !== 'global';
    default:
      return held.grantScope === resource.scopeId;
  }
}

export function decide(subject: Subject, grants: readonly HeldGrant[], resource: Resource, action: string): Decision {
  const fields = new Set<string>();
  let by: Decision['by'];
  for (const held of grants) {
    const { grant } = held;
    const allows = allowsAction(grant, action);
    if (!allows && !(grant.actions.length === 0 && grant.outputFields !== undefined)) continue;
    if (!reaches(held, resource) || !matches(subject, grant, resource, action)) continue;
    if (allows) by ??= { roleId: held.roleId, grant: grant.canonical };
    for (const field of grant.outputFields ?? []) fields.add(field);
    if (by !== undefined && fields.has('*')) break;
  }
  const outputFields = outputFieldsOf(fields, subject);
  return by === undefined ? { allowed: false, outputFields } : { allowed: true, outputFields, by };
}

function outputFieldsOf(fields: ReadonlySet<string>, subject: Subject): OutputFields {
  if (fields.has('*')) return 'all';
  if (fields.size > 0) return fields;
  return subject.anonymous ? 'default-anonymous' : 'all';
}

/** An action covers its sub-actions (`read` covers `read:self`), never the reverse. */
function allowsAction(grant: Grant, action: string): boolean {
  const { actions } = grant;
  return actions.includes(action) || actions.includes(action.split(':')[0]!) || actions.includes('*');
}

function matches(subject: Subject, grant: Grant, resource: Resource, action: string): boolean {
  if (subject.anonymous) return matchesAnonymous(grant, resource, action);
  // There is nothing to reach elsewhere, so that a list there is a mistake to be told of.
  if (isGlobalOnly(resource.type) && resource.scopeId !== 'global') return false;
  const sameType = grant.type === resource.type;
  if (grant.ids === undefined) {
    return sameType && !resource.id && isTopLevel(resource.type) && isCollectionAction(action);
  }
  if (grant.ids[0] === '*') return sameType || grant.type === '*';
  if ((grant.type === undefined || sameType) && !isCollectionAction(action) && hasId(grant, resource.id, subject)) {
    return true;
  }
  return (sameType || grant.type === '*') && !isTopLevel(resource.type) && hasId(grant, resource.pin, subject);
}

/** Ids do not matter here, and `*` is no type. */
function matchesAnonymous(grant: Grant, resource: Resource, action: string): boolean {
  if (grant.type !== resource.type) return false;
  if (resource.type === 'scope') return ['list', 'no-op'].includes(action);
  return resource.type === 'auth-method' && ['list', 'no-op', 'authenticate'].includes(action);
}

function hasId(grant: Grant, id: string | undefined, subject: Subject): boolean {
  return !!id && grant.ids!.some((granted) => granted === id || meantBy(granted, subject) === id);
}

/** Templates stand for the caller; one that the caller has nothing for stands for no id. */
function meantBy(granted: string, subject: Subject): string | undefined {
  const template = templateOf(granted);
  if (template === undefined) return granted;
  return template === 'user' ? subject.userId : subject.accountId;
}

/** Ids of the collection's type that grants name which reach the collection. */
export function grantedIds(subject: Subject, grants: readonly HeldGrant[], collection: Resource): string[] {
  const near = grants.filter((held) => reaches(held, collection)).flatMap((held) => held.grant.ids ?? []);
  const ids = near.map((granted) => meantBy(granted, subject));
  return [...new Set(ids.filter((id) => id !== undefined && typeOfId(id) === collection.type) as string[])];
}
