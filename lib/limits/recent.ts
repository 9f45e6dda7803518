/**
 * A map of recently used entries: it drops an entry that was not used while about as many others
 * were.
 */
export class Recent<K, V> {
  private young = new Map<K, V>();
  private old = new Map<K, V>();

  /** Keeps at least the last `size` entries and at most twice as many. */
  constructor(private readonly size: number) {}

  get(key: K): V | undefined {
    const found = this.young.get(key);
    if (found !== undefined) return found;
    const older = this.old.get(key);
    if (older !== undefined) this.set(key, older);
    return older;
  }

  set(key: K, value: V): void {
    // The whole generation is dropped at once: removing entries one by one would walk over the
    // holes that earlier removals left.
    if (this.young.size >= this.size) [this.old, this.young] = [this.young, new Map<K, V>()];
    this.young.set(key, value);
  }
}
