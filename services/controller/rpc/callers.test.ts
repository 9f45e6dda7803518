import { systemClock } from '../../../lib/clock/clock';
import { KnownTokens } from '../auth-tokens/known-tokens';
import { createCallers } from './callers';

test('a token is looked up only where it is not known', async () => {
  const looked: string[] = [];
  const known = new KnownTokens(systemClock);
  const callers = createCallers(known, (token) => {
    looked.push(token);
    return Promise.resolve(token === 'at_good' ? 'u_1' : undefined);
  });
  expect([callers.find('at_good'), await callers.vouch('at_good')]).toEqual([undefined, 'u_1']);
  expect([await callers.vouch('at_bad'), await callers.vouch(undefined)]).toEqual([undefined, undefined]);
  known.note('at_good', 'u_1');
  expect([callers.find('at_good'), await callers.vouch('at_good'), looked]).toEqual([
    'u_1',
    'u_1',
    ['at_good', 'at_bad'],
  ]);
});
