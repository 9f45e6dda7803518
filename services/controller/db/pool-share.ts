/**
 * A share of a pool of connections: its holder never has more of them at once, and the rest is for
 * others.
 */
import type { PostgresPool, PostgresPoolClient } from 'kysely';
import type pg from 'pg';

/**
 * At most `most` connections of the pool at once. Callers beyond that wait, first come, first
 * served. They fail after `timeoutMs`, as if the database could not be reached.
 */
export function shareOf(pool: pg.Pool, most: number, timeoutMs: number): PostgresPool {
  const waiting = new Set<() => void>();
  let held = 0;
  const give = (): void => {
    const [next] = waiting;
    if (next === undefined) held--;
    else next();
  };
  const take = (): Promise<void> => {
    if (held < most) {
      held++;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        waiting.delete(start);
        reject(new Error('timeout exceeded when trying to connect'));
      };
      const timer = setTimeout(leave, timeoutMs);
      const start = (): void => {
        waiting.delete(start);
        clearTimeout(timer);
        resolve();
      };
      waiting.add(start);
    });
  };
  return {
    async connect(): Promise<PostgresPoolClient> {
      await take();
      try {
        return givenBack(await pool.connect(), give);
      } catch (error) {
        give();
        throw error;
      }
    },
    end: () => pool.end(),
  };
}

/**
 * Calls `give` when the connection is released. The pool sets `release` again each time it hands
 * the connection out.
 */
function givenBack(client: pg.PoolClient, give: () => void): PostgresPoolClient {
  const release = client.release.bind(client);
  client.release = (destroy) => {
    // First: it throws when the connection was released before.
    release(destroy);
    give();
  };
  return client;
}
