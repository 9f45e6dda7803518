/** Roles: grants, the scopes they reach, and the principals who hold them. */
import { isIdOf } from '../../../lib/contract/id-prefixes';
import { GrantError, parseGrant, type Grant } from '../authz/grants';
import type { ItemRow } from '../resources/rows';

export interface StoredGrant {
  raw: string;
  canonical: string;
}

export interface RoleRow extends ItemRow {
  scope_id: string;
  /** `this`, `children`, `descendants` or scope ids, sorted. */
  grant_scope_ids: string[];
  /** Absent in lists, as are grants. */
  principals?: { id: string; type: 'user' | 'group' | 'managed group'; scope_id: string }[];
  grants?: StoredGrant[];
}

/** What is told beside the columns. */
export const roleItem = (row: RoleRow) => ({
  principal_ids: (row.principals ?? []).map((principal) => principal.id),
  grant_strings: (row.grants ?? []).map((grant) => grant.raw),
  grants: (row.grants ?? []).map(grantItem),
});

function grantItem(stored: StoredGrant) {
  let grant: Grant;
  try {
    grant = parseGrant(stored.raw);
  } catch (error) {
    if (!(error instanceof GrantError)) throw error;
    return { raw: stored.raw, canonical: '<parse_error>', json: undefined };
  }
  const ids = [...(grant.ids ?? [])];
  const json = {
    id: grant.singleId ? ids[0]! : '',
    ids: grant.singleId ? [] : ids,
    type: grant.type ?? 'unknown',
    actions: [...grant.actions],
  };
  return { raw: stored.raw, canonical: grant.canonical, json };
}

/** What the grant scopes of a role may name: a scope and where it is. */
export interface GrantScopeTarget {
  id: string;
  type: 'global' | 'org' | 'project';
  scope_id: string | null;
}

export const isGrantScopeWord = (value: string): boolean => ['this', 'children', 'descendants'].includes(value);

/** The role's own scope goes by `this`. */
export const normalGrantScope = (role: Pick<RoleRow, 'scope_id'>, value: string): string =>
  value === role.scope_id ? 'this' : value;

/**
 * Why a role may not have these grant scopes (in their normal form), or undefined. `found` are
 * those of the named scopes that exist.
 */
export function grantScopeProblem(
  role: Pick<RoleRow, 'scope'>,
  values: readonly string[],
  found: readonly GrantScopeTarget[],
): string | undefined {
  const targets: Targets = new Map(found.map((target) => [target.id, target]));
  const others = values.filter((value) => value !== 'this');
  if (role.scope.type === 'project' && others.length > 0) {
    return 'Project scopes can only have their own scope ID or "this" as a grant scope ID.';
  }
  const named = others.filter((value) => !isGrantScopeWord(value));
  if (role.scope.type === 'org') {
    const wrong = others.find((value) => value !== 'children' && !isProjectOf(role.scope.id, value, targets));
    if (wrong !== undefined) return `Grant scope ID "${wrong}" is not valid to set on an organization role.`;
    return values.includes('children') && named.length > 0
      ? 'Grant scope "children" and individual projects exclude each other.'
      : undefined;
  }
  return globalProblem(values, named, targets);
}

/** Whether no role in such a scope may have the grant scope (in its normal form). */
export function isMisplaced({ scope }: Pick<RoleRow, 'scope'>, value: string): boolean {
  if (scope.type === 'global' || value === 'this') return false;
  return scope.type === 'project' || (value !== 'children' && !isIdOf(value, 'scope', 'project'));
}

/** By id. */
type Targets = ReadonlyMap<string, GrantScopeTarget>;

const isProjectOf = (orgId: string, value: string, targets: Targets): boolean =>
  targets.get(value)?.type === 'project' && targets.get(value)?.scope_id === orgId;

function globalProblem(values: readonly string[], named: readonly string[], targets: Targets): string | undefined {
  const [children, descendants] = [values.includes('children'), values.includes('descendants')];
  if (children && descendants) return 'Grant scopes "children" and "descendants" exclude each other.';
  const missing = named.find((value) => !targets.has(value));
  if (missing !== undefined) return `Scope "${missing}" does not exist.`;
  const orgs = named.some((value) => targets.get(value)?.type === 'org');
  if (children && orgs) return 'Grant scope "children" and individual orgs exclude each other.';
  if (descendants && named.length > 0) return 'Grant scope "descendants" and individual scopes exclude each other.';
  return undefined;
}
