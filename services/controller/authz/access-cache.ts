/**
 * A cache of what holders have from the roles of a scope. The statement that verifies a token also
 * compares the tags of the cache entries, so no entry outlives a revocation, and what has not
 * changed is neither loaded nor parsed again.
 */
import { limit } from '../../../lib/limits/limit';
import { Recent } from '../../../lib/limits/recent';
import type { Work } from '../../../lib/limits/work';
import { HeldRole, ScopeAccess } from './access';
import type { AccessRow, Known, Places } from './authorizer.store';
import { GrantError, parseGrant, type Grant } from './grants';

const MAX_WEIGHT = limit('grants that are kept parsed', 64 << 20, {
  what: 'grants that a controller keeps parsed, by about the memory that they take',
  unit: 'bytes',
  reached: 'those that nobody has asked for longest are forgotten and loaded again when needed',
  test: 'services/controller/authz/access-cache.test.ts: what was used longest ago is forgotten first',
});
const KEPT_WHEN_FULL = 0.9;
/** Estimate of what the objects of an entry take beside their texts, bytes. */
const WEIGHT_OF_ACCESS = 300;
const WEIGHT_OF_GRANT = 300;
/** Steps of parsing one character. */
const STEPS_PER_CHARACTER = 10;
/** Parsed grants that several holders share; longer ones are few. */
const MAX_SHARED = 10_000;
const MAX_SHARED_LENGTH = 200;

/** What a holder has from the roles of a scope. */
export interface Access {
  holder: string;
  access: ScopeAccess;
}

type LoadedRow = Extract<AccessRow, { unchanged: null }>;

interface Entry {
  access: ScopeAccess;
  weight: number;
}

/** A holder and the scope of the roles. */
type Pair = readonly [holder: string, scopeId: string];

const keyOf = (holder: string, scopeId: string): string => `${holder} ${scopeId}`;

export class AccessCache {
  /** Longest unused first. */
  private readonly entries = new Map<string, Entry>();
  private readonly scopesOf = new Map<string, Set<string>>();
  private readonly parsed = new Recent<string, Grant>(MAX_SHARED);
  private weight = 0;

  constructor(private readonly maxWeight = MAX_WEIGHT) {}

  /**
   * The entries of these holders at these places, for the statement and for {@link Snapshot.with}.
   */
  snapshot(holders: readonly string[], places: Places): Snapshot {
    const pairs = holders.flatMap((holder) =>
      places === 'everywhere' || places.below !== undefined
        ? [...(this.scopesOf.get(holder) ?? [])].map((scopeId): Pair => [holder, scopeId])
        : places.scopes.map((scopeId): Pair => [holder, scopeId]),
    );
    return this.snapshotOf(pairs);
  }

  snapshotOf(pairs: readonly Pair[]): Snapshot {
    const known = new Map<string, Access>();
    for (const [holder, scopeId] of pairs) {
      const key = keyOf(holder, scopeId);
      const entry = this.entries.get(key);
      if (entry === undefined) continue;
      this.entries.delete(key);
      this.entries.set(key, entry);
      known.set(key, { holder, access: entry.access });
    }
    return new Snapshot(this, known);
  }

  /**
   * Parses what was loaded and keeps it. `parsed` has the roles that the same answer held for other
   * holders.
   */
  async take(row: LoadedRow, parsed: Map<string, HeldRole>, work: Work): Promise<ScopeAccess> {
    const roles: HeldRole[] = [];
    let weight = WEIGHT_OF_ACCESS;
    for (const [id, grantScopes, texts] of row.roles ?? []) {
      const role = parsed.get(id) ?? new HeldRole(id, grantScopes, await this.parseAll(texts, work));
      parsed.set(id, role);
      roles.push(role);
      weight += weightOf(grantScopes, texts);
    }
    const access = new ScopeAccess(row.scope_id, row.tag, roles);
    this.keep(row.holder, { access, weight });
    return access;
  }

  private async parseAll(texts: readonly string[], work: Work): Promise<Grant[]> {
    const grants: Grant[] = [];
    for (const text of texts) {
      const grant = this.parse(text, work);
      if (grant !== undefined) grants.push(grant);
      if (work.isDue) await work.breathe();
    }
    return grants;
  }

  /** A stored grant that no longer parses gives nothing. */
  private parse(text: string, work: Work): Grant | undefined {
    const known = this.parsed.get(text);
    if (known !== undefined) return known;
    work.charge(STEPS_PER_CHARACTER * text.length);
    const grant = parseOrUndefined(text);
    if (grant !== undefined && text.length <= MAX_SHARED_LENGTH) this.parsed.set(text, grant);
    return grant;
  }

  private keep(holder: string, entry: Entry): void {
    const { scopeId } = entry.access;
    this.forget(holder, scopeId);
    this.entries.set(keyOf(holder, scopeId), entry);
    this.weight += entry.weight;
    const scopes = this.scopesOf.get(holder) ?? new Set();
    this.scopesOf.set(holder, scopes.add(scopeId));
    if (this.weight <= this.maxWeight) return;
    // Removes some more than needed, so that the next entries find room.
    for (const key of this.entries.keys()) {
      if (this.weight <= this.maxWeight * KEPT_WHEN_FULL) return;
      const [oldest, scope] = key.split(' ') as [string, string];
      this.forget(oldest, scope);
    }
  }

  private forget(holder: string, scopeId: string): void {
    const key = keyOf(holder, scopeId);
    const entry = this.entries.get(key);
    if (entry === undefined) return;
    this.entries.delete(key);
    this.weight -= entry.weight;
    const scopes = this.scopesOf.get(holder)!;
    scopes.delete(scopeId);
    if (scopes.size === 0) this.scopesOf.delete(holder);
  }
}

/** What was known when a statement began. */
export class Snapshot {
  constructor(
    private readonly cache: AccessCache,
    private readonly held: ReadonlyMap<string, Access>,
  ) {}

  get known(): Known {
    const held = [...this.held.values()];
    return {
      holders: held.map(({ holder }) => holder),
      scopes: held.map(({ access }) => access.scopeId),
      tags: held.map(({ access }) => access.tag),
    };
  }

  /** The access that the statement's answer confirms or brings, and nothing else. */
  async with(rows: readonly AccessRow[], work: Work): Promise<Access[]> {
    const now: Access[] = [];
    const parsed = new Map<string, HeldRole>();
    for (const row of rows) {
      const { holder } = row;
      if (row.unchanged === null) now.push({ holder, access: await this.cache.take(row, parsed, work) });
      else for (const scopeId of row.unchanged) now.push(this.held.get(keyOf(holder, scopeId))!);
      if (work.isDue) await work.breathe();
    }
    return now;
  }
}

const weightOf = (grantScopes: readonly string[], texts: readonly string[]): number =>
  texts.reduce((sum, text) => sum + WEIGHT_OF_GRANT + 2 * text.length, 100 * (1 + grantScopes.length));

function parseOrUndefined(text: string): Grant | undefined {
  try {
    return parseGrant(text);
  } catch (error) {
    if (error instanceof GrantError) return undefined;
    throw error;
  }
}
