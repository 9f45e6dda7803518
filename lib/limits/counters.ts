/**
 * Counts of what is held at the moment: connections of an address, bytes of a peer, places of a
 * principal. All limits on shares use this interface, so another implementation of it could let
 * several processes share their counts.
 */

/** What was taken. */
export interface Lease {
  /** How much is held; -1 once it was given back. */
  readonly amount: number;
  /**
   * Takes more for the same holders, all or nothing; false when a limit would be exceeded. A
   * negative number gives back.
   */
  grow(by: number): boolean;
  /** Gives everything back. Further calls do nothing. */
  release(): void;
}

/** One limit that a lease counts under. */
export interface Share {
  /**
   * What is counted: `api connections of an address`. Shares of the same kind and holder are
   * counted together.
   */
  kind: string;
  /** The holder; one fixed word where all are counted together. */
  holder: string;
  max: number;
}

export interface Counters {
  /**
   * Takes `amount` of every share. When one of them is used up, takes nothing and answers the first
   * such share.
   */
  take(shares: readonly Share[], amount?: number): Lease | Share;
  /** How much the holder holds of the kind. */
  held(kind: string, holder: string): number;
}

export const isLease = (taken: Lease | Share): taken is Lease => 'release' in taken;

/** Counts of this process alone. What nobody holds takes no memory. */
export function localCounters(): Counters {
  const counts = new Map<string, number>();
  const keyOf = ({ kind, holder }: Pick<Share, 'kind' | 'holder'>): string => `${kind}\n${holder}`;
  const count = (key: string): number => counts.get(key) ?? 0;
  const add = (key: string, amount: number): void => {
    const left = count(key) + amount;
    if (left > 0) counts.set(key, left);
    else counts.delete(key);
  };
  const usedUp = (shares: readonly Share[], amount: number): Share | undefined =>
    shares.find((share) => count(keyOf(share)) + amount > share.max);
  return {
    take(shares, amount = 1) {
      const refused = usedUp(shares, amount);
      if (refused !== undefined) return refused;
      for (const share of shares) add(keyOf(share), amount);
      let held = amount;
      return {
        get amount() {
          return held;
        },
        grow(by) {
          if (held < 0 || usedUp(shares, by) !== undefined) return false;
          for (const share of shares) add(keyOf(share), by);
          held += by;
          return true;
        },
        release() {
          if (held < 0) return;
          for (const share of shares) add(keyOf(share), -held);
          held = -1;
        },
      };
    },
    held: (kind, holder) => count(keyOf({ kind, holder })),
  };
}
