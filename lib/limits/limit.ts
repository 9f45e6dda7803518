/**
 * Limits as data. A limit is a number with the facts that an operator needs about it: what it
 * counts, what happens when it is reached, how to change it, and the test that reaches it.
 * `docs/limits.md` is generated from these facts.
 */

export interface LimitFacts {
  /**
   * What is limited, in the words of the documentation:
   * `sessions of a user that nobody has connected to yet`.
   */
  what: string;
  /** `bytes`, `characters`, `ms`, `connections`, … */
  unit: string;
  /** What happens when it is reached: the answer, the close, the wait. */
  reached: string;
  /** File of the test that reaches it, a colon, and its title: `lib/clock/clock.test.ts: …`. */
  test: string;
}

export interface Limit extends LimitFacts {
  /** Names the limit among all. */
  name: string;
  value: number;
  /** Key of the configuration file; undefined: the limit is fixed. */
  key: string | undefined;
}

const known: Limit[] = [];

/** Every limit of the modules that are loaded, in the order of loading. */
export const allLimits = (): readonly Limit[] => known;

/** A limit that cannot be configured: notes the facts and answers the value. */
export function limit(name: string, value: number, facts: LimitFacts): number {
  known.push({ name, value, key: undefined, ...facts });
  return value;
}

export interface ConfigurableLimit extends LimitFacts {
  /** The default. */
  value: number;
  /** Smallest value that makes sense. Default 1. */
  min?: number;
  /** Largest value that the configuration takes. */
  max: number;
}

/** Limits of one program that its configuration file can change, under `<block>.limits`. */
export interface LimitTable<K extends string = string> {
  readonly entries: Readonly<Record<K, ConfigurableLimit>>;
  /** All at their defaults; a new object at each call. */
  defaults(): Record<K, number>;
}

/**
 * Notes the facts of configurable limits. `block` is the path of the block that holds them:
 * `controller.limits`.
 */
export function limitTable<K extends string>(block: string, entries: Record<K, ConfigurableLimit>): LimitTable<K> {
  for (const [name, { what, unit, reached, test, value, min = 1, max }] of Object.entries<ConfigurableLimit>(entries)) {
    if (value < min || value > max) throw new Error(`the default of ${block}.${name} is not between ${min} and ${max}`);
    known.push({ name, value, key: `${block}.${name}`, what, unit, reached, test });
  }
  return {
    entries,
    defaults: () =>
      Object.fromEntries(
        Object.entries<ConfigurableLimit>(entries).map(([name, { value }]) => [name, value]),
      ) as Record<K, number>,
  };
}
