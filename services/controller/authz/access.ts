/**
 * What a holder has from the roles of one scope, parsed and indexed. A decision walks only the
 * grants that can concern its resource, however many others there are.
 */
import { createHash } from 'node:crypto';
import type { Work } from '../../../lib/limits/work';
import { typeOfId } from './actions';
import { templateOf } from './grant-parser';
import { reaches, type Grant, type Resource, type RoleGrant } from './grants';

/** A role that is held. */
export class HeldRole {
  private hashed: string | undefined;

  constructor(
    readonly id: string,
    readonly grantScopes: readonly string[],
    readonly grants: readonly Grant[],
  ) {}

  /** Changes with what the role gives. */
  get hash(): string {
    this.hashed ??= shortHash([
      this.id,
      ...[...this.grantScopes].sort(),
      ...this.grants.map((grant) => grant.canonical).sort(),
    ]);
    return this.hashed;
  }
}

/** Where a resource is. */
export type Place = Pick<Resource, 'scopeId' | 'parentScopeId'>;

/** The grants that reach a place and may be about a type. */
export interface NearGrants {
  readonly all: readonly RoleGrant[];
  /** Those that name no item. */
  readonly general: readonly RoleGrant[];
  /** Those that name an item, by its id. */
  readonly byId: ReadonlyMap<string, readonly RoleGrant[]>;
  /** Ids of `byId` that are of the type. */
  readonly ids: readonly string[];
  /** Those that name their holder. */
  readonly templates: readonly RoleGrant[];
}

/** Steps of walking one grant. */
export const STEPS_PER_GRANT = 10;
/** Indexes that are kept, by type and place. */
const MAX_INDEXES = 200;

export class ScopeAccess {
  private readonly near = new Map<string, NearGrants>();
  private readonly named: ReadonlySet<string>;

  constructor(
    readonly scopeId: string,
    readonly tag: string,
    readonly roles: readonly HeldRole[],
  ) {
    this.named = new Set(roles.flatMap((role) => role.grantScopes));
  }

  /** Grants about the type that reach the place. */
  nearTo(type: string, place: Place, work: Work): NearGrants {
    const key = `${type} ${this.sideOf(place)}`;
    let found = this.near.get(key);
    if (found === undefined) {
      if (this.near.size >= MAX_INDEXES) this.near.clear();
      found = this.index(type, place, work);
      this.near.set(key, found);
    }
    return found;
  }

  /** The same roles reach all places of one side. */
  private sideOf({ scopeId, parentScopeId }: Place): string {
    const relation = scopeId === this.scopeId ? 'here' : parentScopeId === this.scopeId ? 'child' : 'below';
    const isNamed = this.named.has(scopeId);
    return isNamed ? `${relation} ${scopeId}` : scopeId === 'global' ? `${relation} global` : relation;
  }

  private index(type: string, place: Place, work: Work): NearGrants {
    const all: RoleGrant[] = [];
    const general: RoleGrant[] = [];
    const templates: RoleGrant[] = [];
    const byId = new Map<string, RoleGrant[]>();
    for (const { id: roleId, grantScopes, grants } of this.roles) {
      work.charge(STEPS_PER_GRANT * grantScopes.length);
      if (!grantScopes.some((grantScope) => reaches({ roleScopeId: this.scopeId, grantScope }, place))) continue;
      work.charge(STEPS_PER_GRANT * grants.length);
      for (const grant of grants) {
        if (!isAbout(grant, type)) continue;
        const held = { grant, roleId };
        all.push(held);
        if (grant.ids === undefined || grant.ids[0] === '*') general.push(held);
        else work.charge(STEPS_PER_GRANT * addByIds(held, grant.ids, byId, templates));
      }
    }
    const ids = [...byId.keys()].filter((id) => typeOfId(id) === type);
    return { all, general, byId, ids, templates };
  }
}

/** Adds the grant to the index under each of its ids; answers the number of ids. */
function addByIds(
  held: RoleGrant,
  ids: readonly string[],
  byId: Map<string, RoleGrant[]>,
  templates: RoleGrant[],
): number {
  for (const id of new Set(ids)) {
    if (templateOf(id) !== undefined) {
      if (templates.at(-1) !== held) templates.push(held);
      continue;
    }
    const those = byId.get(id);
    if (those === undefined) byId.set(id, [held]);
    else those.push(held);
  }
  return ids.length;
}

/** False when no resource of the type can match the grant. */
const isAbout = (grant: Grant, type: string): boolean =>
  grant.type === undefined || grant.type === '*' || grant.type === type;

/** A hash of what the roles give. Neither their order nor repeated holding changes it. */
export function hashOfRoles(access: readonly ScopeAccess[], work: Work): string {
  const roles = new Map(access.flatMap((one) => one.roles.map((role) => [role.id, role] as const)));
  work.charge(STEPS_PER_GRANT * roles.size);
  return shortHash([...roles.values()].map((role) => role.hash).sort());
}

const shortHash = (lines: readonly string[]): string =>
  createHash('sha256').update(lines.join('\n')).digest('base64url').slice(0, 11);
