/**
 * Many writers of one resource, by both doors at once: of those who have seen the same version
 * exactly one wins, the others get 404, and the version has risen by one.
 */
import type { TestWorker } from '../../services/controller/control/control.fixture';
import { DEV } from '../harness/controller';
import type { Door, Reply } from '../harness/doors';
import { VaultServer } from '../harness/vault';
import { attachWorker, startWholeController, type WholeController } from '../harness/whole-controller';
import { create, createWorld, must, NOUNS, titleOf, type ListEdit, type Noun, type World } from '../integration/nouns';

const WRITERS = 50;
const vault = new VaultServer();
let controller: WholeController;
let world: World;

beforeAll(async () => {
  await vault.start();
  controller = await startWholeController();
  world = await createWorld(controller.http, vault);
});
afterAll(async () => {
  await controller.stop();
  await vault.stop();
});

/** Does `act` as often as there are writers, half of them by each door, all at once. */
function race(act: (door: Door, n: number) => Promise<Reply>, writers = WRITERS): Promise<Reply[]> {
  const { http, grpc } = controller;
  return Promise.all(Array.from({ length: writers }, (_, n) => act(n % 2 === 0 ? http : grpc, n)));
}

/** The one that won; fails when the others were answered with anything but 404. */
function winner(replies: Reply[]): Reply {
  const won = replies.filter((reply) => reply.status === 200);
  const others = replies.filter((reply) => reply.status !== 200);
  expect(others.filter((reply) => reply.status !== 404)).toEqual([]);
  expect(won).toHaveLength(1);
  return won[0]!;
}

async function edits(noun: Noun, list: ListEdit): Promise<void> {
  const pack = list.pack ?? ((values: string[]) => values);
  const [one, two] = list.values(world, 0) as [string, string];
  const { id, version } = await create(controller.http, world, noun);
  const first = { id, version, [list.field]: pack([one]) };
  await must(controller.http, `Add${noun.noun}${list.what}`, first);
  // What each would leave behind differs, so a lost update would show.
  const acts: [verb: string, values: string[]][] = [
    ['Add', [two]],
    ['Set', [two]],
    ['Remove', [one]],
  ];
  const replies = await race((door, n) => {
    const [verb, values] = acts[n % acts.length]!;
    return door.call(`${verb}${noun.noun}${list.what}`, { id, version: version + 1, [list.field]: pack(values) });
  });
  const { body } = winner(replies);
  expect(body.version).toBe(version + 2);
  const after = await must(controller.http, `Get${noun.noun}`, { id });
  expect({ ...after, updated_time: '' }).toEqual({ ...body, updated_time: '' });
  await must(controller.http, `Delete${noun.noun}`, { id });
}

/** One row of each noun whose rows share their code. */
const DISTINCT = NOUNS.filter(
  (noun, i) => noun.noun === 'AuthMethod' || NOUNS.findIndex((other) => other.noun === noun.noun) === i,
);

describe.each(DISTINCT.map((noun) => [titleOf(noun), noun] as const))('%s', (_title, noun) => {
  test('updates', async () => {
    const { id, version } = await create(controller.http, world, noun);
    const replies = await race((door, n) => {
      const item = { version, description: `writer ${n}` };
      return door.call(`Update${noun.noun}`, { id, item });
    });
    const { body } = winner(replies);
    expect(body.version).toBe(version + 1);
    const after = await must(controller.http, `Get${noun.noun}`, { id });
    expect(after).toMatchObject({ version: version + 1, description: body.description });
    await must(controller.http, `Delete${noun.noun}`, { id });
  });

  if (noun.edits !== undefined) {
    test.each(noun.edits.map((list) => [list.what, list] as const))('edits of %s', (_what, list) => edits(noun, list));
  }

  test('deletes', async () => {
    const { id } = await create(controller.http, world, noun);
    const replies = await race((door) => door.call(`Delete${noun.noun}`, { id }), 10);
    expect(replies.filter(({ status }) => status !== 200 && status !== 404)).toEqual([]);
    expect(replies.some(({ status }) => status === 200)).toBe(true);
    expect((await controller.http.call(`Get${noun.noun}`, { id })).status).toBe(404);
  });
});

test('names: of those who create the same one, one gets it', async () => {
  const item = { scope_id: DEV.org, name: 'wanted by all' };
  const replies = await race((door) => door.call('CreateGroup', { item }));
  expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(replies.filter(({ status }) => status !== 200 && status !== 400)).toEqual([]);
});

test('passwords', async () => {
  const account = NOUNS.find((noun) => titleOf(noun) === 'Account (password)')!;
  const { id, version } = await create(controller.http, world, account);
  // Each is hashed before it is stored, which is slow on purpose.
  const replies = await race((door, n) => door.call('SetPassword', { id, version, password: `password ${n}` }), 8);
  expect(winner(replies).body.version).toBe(version + 1);
});

test('crossed edits: two resources that refer to each other change in either order without a deadlock', async () => {
  const group = await create(
    controller.http,
    world,
    NOUNS.find(({ noun }) => noun === 'Group')!,
  );
  const replies = await race((door, n) =>
    n % 4 < 2
      ? door.call('SetGroupMembers', { id: group.id, version: 1, member_ids: [...world.users] })
      : door.call('UpdateUser', { id: world.users[n % 2], item: { version: 1, description: `${n}` } }),
  );
  expect(replies.filter(({ status }) => status !== 200 && status !== 404)).toEqual([]);
});

describe('sessions', () => {
  let worker: TestWorker;
  beforeAll(async () => {
    worker = await attachWorker(controller);
  });
  afterAll(() => worker.close());

  test('are authorized by many at once, and canceled once', async () => {
    const made = await race((door) => door.call('AuthorizeSession', { id: world.target }), 10);
    expect(made.map(({ status }) => status)).toEqual(made.map(() => 200));
    const id = made[0]!.body.session_id as string;
    const replies = await race((door) => door.call('CancelSession', { id, version: 1 }));
    expect(replies.filter(({ status }) => status !== 200 && status !== 404)).toEqual([]);
    // Canceling what is canceled already is no mistake.
    expect(replies.some(({ status }) => status === 200)).toBe(true);
    const { states } = await must(controller.http, 'GetSession', { id });
    expect(states.filter((state: { status: string }) => state.status === 'canceling')).toHaveLength(1);
  });
});
