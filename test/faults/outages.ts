/**
 * Faults of the control plane that sessions survive: each with how it is made and healed.
 * `npm test` makes them last for moments, `npm run soak` for a minute.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Api } from '../harness/api';
import { waitFor } from '../harness/wait';
import type { World, WorldSession } from './world';

/**
 * What became of the connections that were open, of their bytes, and of those who came meanwhile.
 */
export interface Verdict {
  connections: 'survived' | 'lost' | 'none';
  /** Hash and recorded bytes equal those of both ends; '-' where nothing was to be counted. */
  bytes: 'right' | 'wrong' | '-';
  note: string;
}

export interface Outage {
  name: string;
  /** Sessions can be opened and used while it lasts. */
  isHarmless?: boolean;
  /** Nobody is refused at once: what was asked waits for an answer. */
  isSilent?: boolean;
  begin(world: World): Promise<void>;
  end(world: World): Promise<void>;
}

/** No session of that target is connected. */
const UNUSED_PORT = 9;
/** Bytes that must move during an outage, each way. */
const MOVED_BYTES = 256 * 1024;

const signalControllers = (world: World, signal: NodeJS.Signals): void => {
  world.deployment.controller.child.kill(signal);
  world.second.live.child.kill(signal);
};

/** The controller that holds the worker's stream; the other one lives on. */
async function killHolder({ links, deployment, second }: World): Promise<void> {
  const holder = links[0].open > 0 ? deployment.controller : second.live;
  await holder.stop('SIGKILL');
}

/**
 * The first question that reaches the database again finds the worker, at either controller,
 * however long leases had expired; nobody asks twice.
 */
async function workerIsFound({ deployment, second, eventually }: World): Promise<void> {
  const target = await eventually('the database', () => deployment.api.target(deployment.projectId, UNUSED_PORT));
  const other = new Api(`http://127.0.0.1:${second.ports.api}`);
  other.token = deployment.api.token;
  const found = await Promise.all([deployment.api, other].map((api) => api.authorize(target.id)));
  assert.equal(found.length, 2);
}

/** Times that the worker was welcomed by a controller. */
const attaches = ({ deployment: { worker } }: World): number => (worker.stderr.match(/"msg":"attached"/g) ?? []).length;

function postgresStopped(): Outage {
  let before = 0;
  return {
    name: 'PostgreSQL stopped',
    async begin(world) {
      before = attaches(world);
      assert.ok(before > 0);
      await world.postgres.stop();
    },
    async end(world) {
      await world.postgres.start();
      await workerIsFound(world);
      assert.equal(attaches(world), before, 'the worker has attached anew');
    },
  };
}

export const OUTAGES: Outage[] = [
  {
    name: 'controller killed, another one there',
    isHarmless: true,
    begin: killHolder,
    end: (world) => world.startControllers(),
  },
  {
    name: 'all controllers away',
    begin: (world) => world.killControllers(),
    end: (world) => world.startControllers(),
  },
  postgresStopped(),
  {
    name: 'PostgreSQL crashed and restarted',
    isHarmless: true,
    async begin(world) {
      await world.postgres.kill();
      await world.postgres.start();
    },
    end: () => Promise.resolve(),
  },
  {
    name: 'control stream cut',
    begin: async ({ links }) => links.forEach((link) => link.cut()),
    end: async ({ links }) => links.forEach((link) => link.heal()),
  },
  {
    name: 'control stream frozen',
    isSilent: true,
    begin: async ({ links }) => links.forEach((link) => link.freeze()),
    end: async ({ links }) => links.forEach((link) => link.heal()),
  },
  {
    name: 'controllers stopped (SIGSTOP)',
    isSilent: true,
    begin: async (world) => signalControllers(world, 'SIGSTOP'),
    end: async (world) => signalControllers(world, 'SIGCONT'),
  },
];

/**
 * A transfer goes through the outage, another connection ends in it, a third one is tried;
 * afterwards the records are exact. Throws where that does not hold.
 */
export async function throughOutage(world: World, outage: Outage, outageMs: number): Promise<Verdict> {
  // After the fault before, the worker may be about to attach anew.
  const session = await world.eventually('a session', () => world.openSession());
  try {
    const transfer = await session.transfer();
    const brief = await session.transfer();
    await outage.begin(world);
    const until = sleep(outageMs);
    const before = transfer.moved();
    const ended = await brief.finish();
    const tried = session.attempt();
    if (outage.isHarmless) await usable(world, session, await tried);
    else if (!outage.isSilent) assert.notEqual(await tried, 'connected');
    await until;
    await waitFor('bytes to move during the outage', () => transfer.moved() > before + MOVED_BYTES);
    await outage.end(world);
    const refusal = await tried;
    await world.eventually('a new connection', async () => (await session.attempt()) === 'connected');
    const whole = await transfer.finish();
    assert.ok(whole.isRight && ended.isRight, 'the hashes of both ends differ');
    const rows = await session.recorded([whole, ended]);
    assert.ok(rows.every((row) => row.closed_by === 'client' && row.cause === 'fin'));
    return { connections: 'survived', bytes: 'right', note: `new connection meanwhile: ${refusal}` };
  } finally {
    await session.close();
  }
}

/** Where the first try came too early, a later one must get through before the outage is over. */
async function usable(world: World, session: WorldSession, first: string): Promise<void> {
  if (first === 'connected') return;
  await world.eventually(
    `a connection meanwhile (first: ${first})`,
    async () => (await session.attempt()) === 'connected',
  );
}
