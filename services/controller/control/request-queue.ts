/** Where requests of all workers wait for the database. */
import { FairQueue } from '../../../lib/limits/fair-queue';
import { limit } from '../../../lib/limits/limit';

const TEST = 'services/controller/control/request-queue.test.ts';
const CONCURRENT = limit('requests of workers', 32, {
  what: 'requests of workers that are under way at a controller',
  unit: 'requests',
  reached: 'further ones wait; turns go round the clients that they are for',
  test: `${TEST}: turns go round the clients`,
});
const CONCURRENT_OF_CLIENT = limit('requests of workers for a client', 8, {
  what: 'the same for one address of clients',
  unit: 'requests',
  reached: 'further ones for that address wait',
  test: `${TEST}: turns go round the clients`,
});
const WAITING = limit('waiting requests of workers', 10_000, {
  what: 'requests of workers that wait at a controller',
  unit: 'requests',
  reached: 'the latest of the client with the most is refused as `controller unreachable`',
  test: `${TEST}: a client with too much waiting is refused`,
});
const WAITING_OF_CLIENT = limit('waiting requests of workers for a client', 1_000, {
  what: 'the same for one address of clients',
  unit: 'requests',
  reached: 'further ones are refused as `controller unreachable`',
  test: `${TEST}: a client with too much waiting is refused`,
});

/** There is no place in the queue. */
export class TooManyRequests extends Error {
  override name = 'TooManyRequests';
}

export const createRequestQueue = (): FairQueue =>
  new FairQueue(
    {
      ...{ concurrent: CONCURRENT, concurrentPerCaller: CONCURRENT_OF_CLIENT },
      ...{ waiting: WAITING, waitingPerCaller: WAITING_OF_CLIENT },
    },
    {
      refused: (why) => new TooManyRequests(why),
      gone: () => new TooManyRequests('the stream is over'),
    },
  );
