/**
 * Shares of a window that several callers use. A configured limit is for all callers together.
 * Nobody may use it up alone, and a part of every shared window is kept from callers who are not
 * logged in.
 */
import { limit } from '../../../lib/limits/limit';

const refused = '429 with `Retry-After`, though the window has room for others';

const ADDRESS_PERCENT = limit('share of an address', 50, {
  what: 'part of the `total` window that the callers of one address may use together',
  unit: 'percent',
  reached: refused,
  test: 'services/controller/rpc/rate-limit.test.ts: one address uses half of what all share',
});
const USER_PERCENT = limit('share of a user', 25, {
  what: "part of the `total` window, and of an address's, that one user may use with all tokens together",
  unit: 'percent',
  reached: refused,
  test: 'services/controller/rpc/rate-limit.test.ts: one user has a quarter, with however many tokens',
});
const ANONYMOUS_PERCENT = limit('share of anonymous callers', 50, {
  what: 'part of the `total` window that callers whose token is not known to be good may use together',
  unit: 'percent',
  reached: refused,
  test: 'services/controller/rpc/rate-limit.test.ts: anonymous callers leave half of what all share to those logged in',
});
const ANONYMOUS_AT_ADDRESS_PERCENT = limit('share of anonymous callers at an address', 25, {
  what: "part of an address's share that its callers whose token is not known to be good may use together",
  unit: 'percent',
  reached: refused,
  test: 'services/controller/rpc/rate-limit.test.ts: anonymous callers of one address',
});
const SMALLEST_DIVIDED = limit('smallest window with shares', 20, {
  what: 'limit of a window from which on it is divided into shares; smaller ones are open to whoever comes first',
  unit: 'requests',
  reached: 'the shares above hold',
  test: 'services/controller/rpc/rate-limit.test.ts: small windows are not divided',
});

const part = (percent: number) => (whole: number) =>
  whole < SMALLEST_DIVIDED ? whole : Math.ceil((whole * percent) / 100);

export const shareOfAddress = part(ADDRESS_PERCENT);
export const shareOfUser = part(USER_PERCENT);
export const shareOfAnonymous = part(ANONYMOUS_PERCENT);
export const shareOfAnonymousAt = part(ANONYMOUS_AT_ADDRESS_PERCENT);
