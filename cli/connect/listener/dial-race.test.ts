import { once } from 'node:events';
import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { systemClock } from '../../../lib/clock/clock';
import { DialRace } from './dial-race';

test('a dial that is given up in the moment in which it succeeds has failed, and leaves no socket', async () => {
  const abort = new AbortController();
  const socket = new TLSSocket(new Socket());
  const closed = once(socket, 'close');
  const dial = () => {
    abort.abort();
    return Promise.resolve(socket);
  };
  const race = new DialRace({ workers: ['a', 'b'], dial, clock: systemClock, signal: abort.signal });
  const errors = (await race.run()) as ReadonlyMap<string, Error>;
  expect([...errors].map(([worker, { message }]) => [worker, message])).toEqual([['a', 'given up']]);
  await closed;
});
