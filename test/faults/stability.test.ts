import { createEmptyDatabase } from '../harness/postgres';
import { stability } from './stability';

test('1,000 short connections beside 50 long ones leave nothing behind', async () => {
  await stability({ short: 1_000, long: 50, clients: 8, database: await createEmptyDatabase() });
}, 180_000);
