/** Limits of what takes passwords. */
import { limit } from '../../../lib/limits/limit';

const TESTS = 'services/controller/auth-methods/password-turns.test.ts';
const GUARD = 'services/controller/auth-methods/passwords.test.ts';
const crowded = '429: too many logins at once';
const backOff =
  '429 with the seconds to wait, whether or not the login name exists; ' +
  'a right password from an address that has logged in to the account before still passes';

export const MAX_LOGINS_OF_ADDRESS = limit('logins of an address', 320, {
  what: 'logins of one address at once',
  unit: 'logins',
  reached: crowded,
  test: `${TESTS}: places are taken for whole logins`,
});
export const MAX_WAITING_OF_ADDRESS = limit('password checks of an address', 300, {
  what: 'password checks of one address that wait for their turn',
  unit: 'checks',
  reached: crowded,
  test: `${TESTS}: one address has a number of places`,
});
export const MAX_WAITING = limit('password checks', 600, {
  what: 'password checks that wait for their turn, of known callers and of strangers each',
  unit: 'checks',
  reached: 'the address with the most gives up its latest one, with 429: too many logins at once',
  test: `${TESTS}: in a full queue the busiest address makes room`,
});
export const FREE_FAILURES = limit('wrong passwords in a row', 10, {
  what: 'wrong passwords in a row for one login name from one address that cost nothing but the check',
  unit: 'passwords',
  reached: `after them each attempt has to wait, 1 s at first and twice as long each time: ${backOff}`,
  test: `${GUARD}: ten failures in a row cost nothing`,
});
export const LONGEST_BACK_OFF_MS = limit('wait after wrong passwords', 60_000, {
  what: 'longest wait of an address between two attempts at one login name',
  unit: 'ms',
  reached: 'the wait grows no more',
  test: `${GUARD}: the wait then doubles up to a minute`,
});
export const LONGEST_PACE_MS = limit('pause after wrong passwords', 8_000, {
  what: 'longest pause between attempts of an address that has logged in before, after 10 wrong passwords',
  unit: 'ms',
  reached: 'the next attempt is looked at after the pause; it is not refused',
  test: `${GUARD}: an address that has succeeded before`,
});
export const MAX_WAITING_IN_LANE = limit('attempts that wait for a pause', 12, {
  what: 'attempts at one login name that wait for a pause between two attempts to end',
  unit: 'attempts',
  reached: '429 with the seconds to wait',
  test: `${GUARD}: few wait for an account under attack`,
});
export const NAME_BURST = limit('wrong passwords for a login name', 20, {
  what: 'wrong passwords for one login name, from all addresses that have not logged in to it before',
  unit: 'passwords',
  reached: 'attempts from such addresses go one at a time, one address after the other',
  test: `${GUARD}: guesses from many addresses`,
});
export const NAME_EVERY_MS = limit('pause between guesses', 5_000, {
  what: 'pause between attempts of such addresses at one login name, once these wrong passwords are used up',
  unit: 'ms',
  reached: 'the next attempt waits for its turn',
  test: `${GUARD}: guesses from many addresses`,
});
export const ADDRESS_BURST = limit('wrong passwords of an address', 50, {
  what: 'wrong passwords of one address, for all login names that it has not logged in to before',
  unit: 'passwords',
  reached: `one more every 6 s: ${backOff}`,
  test: `${GUARD}: one address that tries many names`,
});
export const ADDRESS_EVERY_MS = 6_000;
/** Keys of failures that are remembered, of each kind; about 200 bytes each. */
export const MAX_REMEMBERED = limit('remembered failures', 50_000, {
  what: 'pairs of login name and address, names and addresses whose failures a controller remembers, of each kind',
  unit: 'entries',
  reached: 'the one without a failure for the longest time is forgotten',
  test: `${GUARD}: memory is bounded`,
});
