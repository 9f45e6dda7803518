/**
 * Counts of what was done within fixed windows of time: requests of an address in 30 seconds. All
 * limits of rates stand on this interface, so that several processes can share their windows by
 * another implementation of it.
 *
 * A window belongs to a holder, whom somebody vouches for, or to strangers. When the table is full,
 * the windows of strangers give way, those with the fewest uses first. A window that is used up
 * gives way to holders alone, so nobody gets a new one by making many others.
 */
import { limit } from './limit';

/**
 * The part of the table that the windows of one holder may keep. Windows beyond it count as those
 * of strangers.
 */
const HOLDER_PERCENT = limit('windows of one account', 10, {
  what: 'part of the table of request windows that one account keeps even when the table is full',
  unit: 'percent',
  reached: 'further windows of the account give way to others like those of anonymous callers',
  test: 'lib/limits/windows.test.ts: a holder keeps a part of the table only',
});

/** One window that an act counts in. */
export interface WindowSpec {
  /** What is counted, and whose. Windows of the same key and period are the same window. */
  key: string;
  /** Acts of all in one window. */
  limit: number;
  /** How many of these may be acts of strangers. */
  strangersLimit: number;
  /** Length of the window, ms. */
  periodMs: number;
  /**
   * One of a few windows that the program itself defines. They take no room in the table and never
   * give way.
   */
  fixed?: boolean;
}

export interface WindowState {
  used: number;
  /** ms since the epoch. */
  endsAt: number;
}

export type Taken =
  | { outcome: 'taken'; /** After the act, in the order of the specs. */ states: WindowState[] }
  | {
      outcome: 'used up';
      /** Index of the spec whose window is used up; of several, the one that ends last. */
      at: number;
      endsAt: number;
    }
  | { outcome: 'full' };

export interface Windows {
  /** Counts one act in all the windows or in none. `holder` is undefined for a stranger. */
  take(specs: readonly WindowSpec[], holder: string | undefined, nowMs: number): Taken;
  /** Notes that the windows belong to the holder. */
  claim(specs: readonly WindowSpec[], holder: string, nowMs: number): void;
  /** Windows in the table. */
  readonly size: number;
  /** All windows begin anew, in a table of this size. */
  reset(capacity: number): void;
}

/** Windows of this process alone, at most `capacity` of them beside the fixed ones. */
export const localWindows = (capacity: number): Windows => new LocalWindows(capacity);

interface Entry {
  key: string;
  periodMs: number;
  endsAt: number;
  used: number;
  byStrangers: number;
  fixed: boolean;
  holder: string | undefined;
  /** The level of the window among those that may give way; undefined while it may not. */
  level: number | undefined;
}

/**
 * Levels of use: level n holds what was used fewer than 2^(n+1) times; the last one holds what is
 * used up.
 */
const LEVELS = 32;
const USED_UP = LEVELS - 1;
/** Ended windows that one call removes: more than it can make. */
const CLEARED_AT_ONCE = 32;

class LocalWindows implements Windows {
  /** Windows by period and key. Within a period the oldest window ends first. */
  private readonly entries = new Map<number, Map<string, Entry>>();
  private readonly levels = Array.from({ length: LEVELS }, () => new Set<Entry>());
  private readonly heldBy = new Map<string, number>();
  private counted = 0;

  constructor(private capacity: number) {}

  get size(): number {
    return this.counted;
  }

  reset(capacity: number): void {
    this.capacity = capacity;
    this.entries.clear();
    this.heldBy.clear();
    for (const level of this.levels) level.clear();
    this.counted = 0;
  }

  take(specs: readonly WindowSpec[], holder: string | undefined, nowMs: number): Taken {
    this.clearEnded(nowMs);
    const found = specs.map((spec) => this.find(spec, nowMs));
    const refusal = usedUpOf(specs, found, holder);
    // A refused act makes no windows, so refused callers cannot push others out.
    if (refusal !== undefined) return refusal;
    const missing = specs.filter((spec, i) => found[i] === undefined && spec.fixed !== true).length;
    const own = found.filter((entry) => entry !== undefined);
    if (!this.makeRoom(missing, own, holder)) return { outcome: 'full' };
    const states = specs.map((spec, i) => {
      const entry = found[i] ?? this.open(spec, nowMs);
      entry.used++;
      if (holder === undefined) entry.byStrangers++;
      else this.protect(entry, holder);
      this.rank(entry, isUsedUp(spec, entry, undefined));
      return { used: entry.used, endsAt: entry.endsAt };
    });
    return { outcome: 'taken', states };
  }

  claim(specs: readonly WindowSpec[], holder: string, nowMs: number): void {
    for (const spec of specs) {
      const entry = this.find(spec, nowMs);
      if (entry !== undefined) this.protect(entry, holder);
    }
  }

  private find({ periodMs, key }: WindowSpec, nowMs: number): Entry | undefined {
    const entry = this.entries.get(periodMs)?.get(key);
    if (entry === undefined || entry.endsAt > nowMs) return entry;
    this.remove(entry);
    return undefined;
  }

  private open({ key, periodMs, fixed = false }: WindowSpec, nowMs: number): Entry {
    const start = { used: 0, byStrangers: 0, holder: undefined, level: undefined };
    const entry: Entry = { key, periodMs, fixed, endsAt: nowMs + periodMs, ...start };
    let ofPeriod = this.entries.get(periodMs);
    if (ofPeriod === undefined) this.entries.set(periodMs, (ofPeriod = new Map<string, Entry>()));
    ofPeriod.set(key, entry);
    if (!fixed) this.counted++;
    return entry;
  }

  private remove(entry: Entry): void {
    this.entries.get(entry.periodMs)?.delete(entry.key);
    this.unrank(entry);
    if (!entry.fixed) this.counted--;
    if (entry.holder === undefined) return;
    const left = this.heldBy.get(entry.holder)! - 1;
    if (left > 0) this.heldBy.set(entry.holder, left);
    else this.heldBy.delete(entry.holder);
  }

  private protect(entry: Entry, holder: string): void {
    if (entry.fixed || entry.holder !== undefined) return;
    const held = this.heldBy.get(holder) ?? 0;
    if (held >= Math.max(1, Math.floor((this.capacity * HOLDER_PERCENT) / 100))) return;
    this.heldBy.set(holder, held + 1);
    entry.holder = holder;
    this.unrank(entry);
  }

  private rank(entry: Entry, usedUp: boolean): void {
    if (entry.fixed || entry.holder !== undefined) return;
    const level = usedUp ? USED_UP : Math.min(31 - Math.clz32(entry.used), USED_UP - 1);
    if (entry.level === level) return;
    this.unrank(entry);
    entry.level = level;
    this.levels[level]!.add(entry);
  }

  private unrank(entry: Entry): void {
    if (entry.level !== undefined) this.levels[entry.level]!.delete(entry);
    entry.level = undefined;
  }

  /** Makes room for this many windows: others than `own` may give way. False when there is none. */
  private makeRoom(more: number, own: readonly Entry[], holder: string | undefined): boolean {
    const excess = this.counted + more - this.capacity;
    if (more === 0 || excess <= 0) return true;
    const levels = holder === undefined ? this.levels.slice(0, USED_UP) : this.levels;
    const mine = own.filter(({ level }) => level !== undefined && level < levels.length).length;
    if (levels.reduce((sum, level) => sum + level.size, -mine) < excess) return false;
    for (let left = excess; left > 0; left--) this.remove(victim(levels, own)!);
    return true;
  }

  /**
   * Removes windows of each period that ended a while ago. Windows of one period end in the order
   * in which they were made.
   */
  private clearEnded(nowMs: number): void {
    for (const [periodMs, entries] of this.entries) {
      let left = CLEARED_AT_ONCE;
      for (const entry of entries.values()) {
        if (entry.endsAt > nowMs || left-- === 0) break;
        this.remove(entry);
      }
      if (entries.size === 0) this.entries.delete(periodMs);
    }
  }
}

/** The oldest of those with the fewest uses. */
function victim(levels: readonly Set<Entry>[], own: readonly Entry[]): Entry | undefined {
  for (const level of levels) for (const entry of level) if (!own.includes(entry)) return entry;
  return undefined;
}

const isUsedUp = (spec: WindowSpec, entry: Entry, holder: string | undefined): boolean =>
  entry.used >= spec.limit || (holder === undefined && entry.byStrangers >= spec.strangersLimit);

function usedUpOf(
  specs: readonly WindowSpec[],
  found: readonly (Entry | undefined)[],
  holder: string | undefined,
): Taken | undefined {
  let last: { at: number; endsAt: number } | undefined;
  for (const [at, entry] of found.entries()) {
    if (entry === undefined || !isUsedUp(specs[at]!, entry, holder)) continue;
    if (last === undefined || entry.endsAt > last.endsAt) last = { at, endsAt: entry.endsAt };
  }
  return last === undefined ? undefined : { outcome: 'used up', ...last };
}
