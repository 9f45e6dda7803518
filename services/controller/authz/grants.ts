/**
 * The decision: which of the grants a caller holds apply to a resource, whether one of them allows
 * an action, and which fields of the answer they let through. Pure; there are no deny rules, and
 * the order of grants does not matter.
 */
import { isGlobalOnly, isTopLevel } from './actions';
import { isCollectionAction, templateOf, type Grant } from './grant-parser';

export { checkSegments, GrantError, parseGrant, type Grant } from './grant-parser';

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

/** A grant with its role. */
export interface RoleGrant {
  grant: Grant;
  roleId: string;
}

/** A grant of a role that the caller holds, at one of the role's grant scopes. */
export interface HeldGrant extends RoleGrant {
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
export function reaches(
  held: Pick<HeldGrant, 'roleScopeId' | 'grantScope'>,
  resource: Pick<Resource, 'scopeId' | 'parentScopeId'>,
): boolean {
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

/** The result of some of a caller's grants for an action; further grants can be added. */
export interface Verdict {
  by: Decision['by'];
  fields: Set<string>;
}

export const noVerdict = (): Verdict => ({ by: undefined, fields: new Set() });

/** Adds what these grants, which all reach the resource, say about the action. */
export function judge(
  verdict: Verdict,
  subject: Subject,
  grants: readonly RoleGrant[],
  resource: Resource,
  action: string,
): void {
  for (const { grant, roleId } of grants) {
    if (verdict.by !== undefined && verdict.fields.has('*')) return;
    const allows = allowsAction(grant, action);
    if (!allows && !(grant.actions.length === 0 && grant.outputFields !== undefined)) continue;
    if (!matches(subject, grant, resource, action)) continue;
    if (allows) verdict.by ??= { roleId, grant: grant.canonical };
    for (const field of grant.outputFields ?? []) verdict.fields.add(field);
  }
}

export function decisionOf({ by, fields }: Verdict, subject: Subject): Decision {
  const outputFields = outputFieldsOf(fields, subject);
  return by === undefined ? { allowed: false, outputFields } : { allowed: true, outputFields, by };
}

/** The decision by all of these grants, one after the other. */
export function decide(subject: Subject, grants: readonly HeldGrant[], resource: Resource, action: string): Decision {
  const verdict = noVerdict();
  const near = grants.filter((held) => reaches(held, resource));
  judge(verdict, subject, near, resource, action);
  return decisionOf(verdict, subject);
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
  // Such items exist nowhere else, so a list elsewhere is a mistake and the caller is told so.
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
export function meantBy(granted: string, subject: Subject): string | undefined {
  const template = templateOf(granted);
  if (template === undefined) return granted;
  return template === 'user' ? subject.userId : subject.accountId;
}
