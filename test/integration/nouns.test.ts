/**
 * Every noun through its life by both doors: HTTP and gRPC do the same and answer the same JSON.
 */
import { startWholeController, type WholeController } from '../harness/whole-controller';
import type { Door, Reply } from '../harness/doors';
import { VaultServer } from '../harness/vault';
import { create, createWorld, must, NOUNS, titleOf, type ListEdit, type Noun, type World } from './nouns';

const vault = new VaultServer();
let controller: WholeController;
let world: World;
let doors: Door[];

beforeAll(async () => {
  await vault.start();
  controller = await startWholeController();
  doors = [controller.http, controller.grpc];
  world = await createWorld(controller.http, vault);
});
afterAll(async () => {
  await controller.stop();
  await vault.stop();
});

/** What two resources of the same making may differ in: ids, names, times, HMACs and tokens. */
function comparable(value: any, own: { id: string; name?: string }, others: string[]): any {
  const text = JSON.stringify(value ?? null, (key, inner: unknown) => {
    if (typeof inner !== 'string') return inner;
    if (/_time$|_hmac$|_token$/.test(key)) return typeof inner;
    return inner;
  });
  const replaced = others.reduce((all, other, i) => all.replaceAll(other, `OTHER${i}`), text);
  return JSON.parse(
    replaced
      .replaceAll(own.id, 'ID')
      .replaceAll(own.name ?? '\u0000', 'NAME')
      .replace(/"(?:login|world|s)\d+"|"alias\d+\.example"/g, '"UNIQUE"'),
  );
}

/**
 * A step done by each door to a resource of its own; the answers are the same, and the first one's
 * is returned.
 */
type Step = (door: Door, item: any, index: number) => Promise<Reply>;

class Pair {
  private constructor(
    private readonly noun: Noun,
    readonly items: any[],
    /** Ids of what only one of the items refers to. */
    private readonly others: (index: number) => string[],
  ) {}

  static async of(noun: Noun, others: (index: number) => string[] = () => []): Promise<Pair> {
    const items = [];
    for (const door of doors) items.push(await create(door, world, noun));
    const pair = new Pair(noun, items, others);
    expect(pair.compare(items)).toMatchObject({ version: 1 });
    return pair;
  }

  private compare(bodies: any[]): any {
    const [first, second] = bodies.map((body, i) => comparable(body, this.items[i], this.others(i)));
    expect(second).toEqual(first);
    return first;
  }

  async each(step: Step, status = 200): Promise<any> {
    const replies = [await step(doors[0]!, this.items[0], 0), await step(doors[1]!, this.items[1], 1)];
    for (const reply of replies) {
      if (reply.status !== status) throw new Error(`${reply.status} for ${status}: ${JSON.stringify(reply.body)}`);
    }
    return this.compare(replies.map((reply) => reply.body));
  }

  /** Both doors show the same resource alike to the letter. */
  async reads(): Promise<any> {
    for (const { id } of this.items) {
      const [a, b] = [
        await doors[0]!.call(`Get${this.noun.noun}`, { id }),
        await doors[1]!.call(`Get${this.noun.noun}`, { id }),
      ];
      expect(b).toEqual(a);
    }
    return this.each((door, { id }) => door.call(`Get${this.noun.noun}`, { id }));
  }

  update(item: object, status = 200): Promise<any> {
    return this.each((door, { id }) => door.call(`Update${this.noun.noun}`, { id, item }), status);
  }
}

/** `{ attributes: { a: null }, b: null }` of `attributes.a` and `b`. */
function nulls(paths: string[]): Record<string, any> {
  const cleared: Record<string, any> = {};
  for (const path of paths) {
    const [outer, inner] = path.split('.');
    if (inner === undefined) cleared[outer!] = null;
    else cleared[outer!] = { ...cleared[outer!], [inner]: null };
  }
  return cleared;
}

async function edit(noun: Noun, list: ListEdit): Promise<void> {
  const values = (index: number) => list.values(world, index);
  const pair = await Pair.of(noun, (index) => values(index).filter((value) => value.includes('_')));
  const pack = list.pack ?? ((given: string[]) => given);
  const shown = list.shown ?? ((item: any) => (item[list.field] ?? []) as string[]);
  let version = 1;
  /** Acts with the values of these places; afterwards as many are there. */
  const run = async (verb: string, places: number[], count: number) => {
    const rpc = `${verb}${noun.noun}${list.what}`;
    const act: Step = (door, { id }, index) => {
      const given = places.map((place) => values(index)[place]!);
      return door.call(rpc, { id, version, [list.field]: pack(given) });
    };
    const item = await pair.each(act);
    expect({ count: shown(item).length, version: item.version }).toEqual({ count, version: version + 1 });
    await pair.each(act, 404);
    version++;
  };
  const before = shown(await pair.reads()).length;
  await run('Add', [0], before + 1);
  await run('Set', [1], 1);
  await run('Remove', [1], 0);
  await pair.each((door, { id }) => door.call(`Delete${noun.noun}`, { id }));
}

describe.each(NOUNS.map((noun) => [titleOf(noun), noun] as const))('%s', (_title, noun) => {
  test('create, read, update, clear, list, delete', async () => {
    const pair = await Pair.of(noun);
    await pair.reads();
    const changes = { description: 'changed', ...noun.update };
    const changed = await pair.update({ version: 1, ...changes });
    expect(changed).toMatchObject({ version: 2, name: 'NAME', ...changes });
    expect(await pair.reads()).toEqual(changed);
    await pair.update({ version: 1, description: 'late' }, 404);
    await pair.update({ version: 2 }, 400);

    const paths = [...(noun.named === true ? [] : ['name']), 'description', ...(noun.cleared ?? [])];
    const cleared = await pair.update({ version: 2, ...nulls(paths) });
    expect(cleared.version).toBe(3);
    for (const path of paths) {
      const [outer, inner] = path.split('.');
      const value = inner === undefined ? cleared[outer!] : cleared[outer!]?.[inner];
      const given = noun.update?.[outer!] as any;
      expect(value === undefined || value !== (inner === undefined ? given : given?.[inner])).toBe(true);
    }
    await lists(pair);
    await pair.each((door, { id }) => door.call(`Delete${noun.noun}`, { id }));
    await pair.each((door, { id }) => door.call(`Get${noun.noun}`, { id }), 404);
    await pair.each((door, { id }) => door.call(`Delete${noun.noun}`, { id }), 404);
  });

  /** Both doors list both resources, the same way. */
  async function lists(pair: Pair): Promise<void> {
    const rpc = `List${noun.plural ?? `${noun.noun}s`}`;
    const ids = pair.items.map((item) => item.id as string);
    const filter = ids.map((id) => `"/item/id" == "${id}"`).join(' or ');
    const [a, b] = await Promise.all(doors.map((door) => must(door, rpc, { ...noun.list(world), filter })));
    expect(a.items.map((item: any) => item.id).sort()).toEqual([...ids].sort());
    expect({ ...b, list_token: '' }).toEqual({ ...a, list_token: '' });
  }

  if (noun.edits !== undefined) {
    test.each(noun.edits.map((list) => [list.what, list] as const))('add, set and remove: %s', (_what, list) =>
      edit(noun, list),
    );
  }
});
