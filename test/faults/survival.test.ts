/**
 * Sessions go on while controllers, their database or the network between are away; the records are
 * exact afterwards. The same faults as in `npm run soak`, for moments instead of a minute.
 */
import { OUTAGES, throughOutage } from './outages';
import { PARTIES } from './parties';
import { startWorld, type World } from './world';

const OUTAGE_MS = 300;
let world: World;

beforeAll(async () => {
  world = await startWorld();
}, 120_000);
afterAll(() => world?.stop());

test.each(OUTAGES)(
  '$name: live connections go on, records are exact',
  async (outage) => {
    expect(await throughOutage(world, outage, OUTAGE_MS)).toMatchObject({ connections: 'survived', bytes: 'right' });
  },
  120_000,
);

test.each(PARTIES.filter((row) => !row.isSlow))(
  '$name',
  async (row) => {
    expect((await row.run(world, OUTAGE_MS)).bytes).not.toBe('wrong');
  },
  120_000,
);
