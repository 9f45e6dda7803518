/**
 * The `limits` block of a controller or a worker. Limits that it does not name keep their defaults.
 */
import type { Fields } from '../../lib/config/fields';
import type { LimitTable } from '../../lib/limits/limit';

export function readLimitTable<K extends string>(block: Fields, table: LimitTable<K>): Record<K, number> {
  const limits = table.defaults();
  const given = block.block('limits');
  if (given === undefined) return limits;
  for (const name of Object.keys(table.entries) as K[]) {
    const { min = 1, max } = table.entries[name];
    limits[name] = given.integer(name, min, max) ?? limits[name];
  }
  given.end();
  return limits;
}
