/**
 * SQL statements of every RPC, begin and commit included. `statements.txt` is the committed answer;
 * UPDATE_GOLDEN=1 rewrites it. Each number holds for few and for many rows alike: a request whose
 * statements grow with its data fails.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiError } from '../../lib/errors/errors';
import { REQUESTS } from './statements.requests';
import { startWorld, type World } from './statements.world';

const FILE = join(__dirname, 'statements.txt');
const FEW = 2;
const MANY = 50;

let few: World;
let many: World;
beforeAll(async () => {
  [few, many] = await Promise.all([startWorld(FEW), startWorld(MANY)]);
}, 120_000);
afterAll(() => Promise.all([few?.close(), many?.close()]));

const rpcs = (): string[] =>
  few.services.flatMap(({ definition }) =>
    Object.values(definition.methods).map((method) => `${definition.name}/${method.name}`),
  );

/** Statements of one request; the first of its kind also fills caches, so the second counts. */
async function statementsOf(world: World, rpc: string): Promise<string[]> {
  const request = REQUESTS[rpc];
  if (request === undefined) return unserved(world, rpc);
  for (let warm = false; ; warm = true) {
    const message = await request(world);
    world.controller.statements.length = 0;
    await world.call(rpc, message);
    if (warm) return world.controller.statements.map(({ text }) => text);
  }
}

/** An RPC without a request must be one that is refused whoever calls it. */
async function unserved(world: World, rpc: string): Promise<string[]> {
  world.controller.statements.length = 0;
  const refused: unknown = await world.call(rpc, {}).catch((error: unknown) => error);
  if (refused instanceof ApiError && refused.kind === 'Unimplemented')
    return world.controller.statements.map(({ text }) => text);
  throw new Error(`${rpc} has no request in statements.requests.ts`);
}

test('the number of statements of every RPC is the committed one, and the same for few and many rows', async () => {
  const lines = ['rpc | statements', '---|---'];
  const failed: string[] = [];
  const growing: unknown[] = [];
  for (const rpc of rpcs()) {
    const texts = (error: Error) => [String(failed.push(`${rpc}: ${reasonOf(error)}`))];
    const of = (world: World) => statementsOf(world, rpc).catch(texts);
    const [counted, ofMany] = await Promise.all([of(few), of(many)]);
    lines.push(`${rpc} | ${counted.length}`);
    if (counted.length !== ofMany.length) growing.push({ rpc, [FEW]: counted, [MANY]: ofMany });
  }
  expect(failed).toEqual([]);
  expect(growing).toEqual([]);
  expect(Object.keys(REQUESTS).filter((rpc) => !rpcs().includes(rpc))).toEqual([]);
  const made = `${lines.join('\n')}\n`;
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(FILE, made);
  expect(made).toBe(readFileSync(FILE, 'utf8'));
}, 120_000);

const reasonOf = (error: Error): string =>
  error instanceof ApiError ? JSON.stringify(error.body()) : String(error.stack);
