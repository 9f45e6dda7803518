/** Password auth methods: their attributes. */
import { MAX_INT4 } from '../../../lib/contract/numbers';
import type { AttributeRules, Columns, Given } from './attribute-rules';
import { secretPlace } from '../resources/secret-place';

const DEFAULTS = { min_login_name_length: 3, min_password_length: 8 } as const;
const BAD_ATTRIBUTES = 'Attribute fields do not match the expected format.';

/** Absent, null and 0 stand for the default. Undefined when a key or value is not acceptable. */
function read(given: Given): Columns | undefined {
  const columns: Columns = { ...DEFAULTS };
  for (const [key, value] of Object.entries(given ?? {})) {
    if (!Object.hasOwn(DEFAULTS, key)) return undefined;
    if (value === null || value === 0) continue;
    const number = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value;
    if (typeof number !== 'number' || !Number.isInteger(number) || number < 1 || number > MAX_INT4) return undefined;
    columns[key] = number;
  }
  return columns;
}

export const passwordRules: AttributeRules = {
  secrets: [],

  place: () => secretPlace({ servers: [] }),

  create(errors, given) {
    const columns = read(given);
    if (columns === undefined) errors.add('attributes', BAD_ATTRIBUTES);
    return columns ?? {};
  },

  update(errors, given, mask) {
    const columns = read(given);
    if (columns === undefined) errors.add('attributes', BAD_ATTRIBUTES);
    return Object.fromEntries(Object.entries(columns ?? {}).filter(([name]) => mask.includes(name)));
  },
};
