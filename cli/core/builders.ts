/**
 * Makes the commands that all kinds of resources have: read, list, create, update, delete, and
 * edits of one of an item's lists.
 */
import { listTable, type Item } from '../output/table';
import { currentVersion, requiredId, showItem, withClient } from './api-command';
import type { ApiClient, ListAnswer } from './client';
import { defineCommand, valueOf, type Command, type Context, type Flag, type TextFlag } from './command';
import { EXIT, LocalError, UsageError } from '../io/errors';
import { bodyOf, DESCRIPTION, NAME, type Body, type Field } from './fields';
import { apiFlags, FILTER, RECURSIVE, VERSION, type ApiContext } from './flags';
import type { Resource } from './resource';

/**
 * The most pages of one listing, far more than any list has: a broken server cannot keep a command
 * busy for ever.
 */
const MAX_PAGES = 10_000;

export const idFlag = (resource: Resource) =>
  ({ name: 'id', type: 'string', description: `Id of the ${resource.singular}.` }) as const satisfies Flag;

const article = (words: string): string => `${/^[aeiou](?!ser)/.test(words) ? 'an' : 'a'} ${words}`;

export interface Options {
  examples?: readonly string[];
  alias?: 'id';
}

export function readCommand(resource: Resource, options: Options = {}): Command {
  return defineCommand({
    synopsis: `Read ${article(resource.singular)}`,
    ...options,
    flags: apiFlags(idFlag(resource)),
    run: (context) =>
      withClient(context, async (client) => {
        const answer = await client.call({
          service: await resource.service(),
          method: `get${resource.message}`,
          request: { id: requiredId(context) },
          action: `read on ${resource.singular}`,
          attempt: `read ${resource.singular}`,
        });
        return showItem(context, answer.item as Item | undefined, resource.presenter.item);
      }),
  });
}

export function deleteCommand(resource: Resource, options: Options = {}): Command {
  return defineCommand({
    synopsis: `Delete ${article(resource.singular)}`,
    ...options,
    flags: apiFlags(idFlag(resource)),
    run: (context) =>
      withClient(context, async (client) => {
        await client.call({
          service: await resource.service(),
          method: `delete${resource.message}`,
          request: { id: requiredId(context) },
          action: `delete on ${resource.singular}`,
          attempt: `delete ${resource.singular}`,
        });
        return showDeleted(context);
      }),
  });
}

export function showDeleted({ printer }: Context): number {
  if (printer.format === 'json') printer.json({ status_code: 204 });
  else printer.line('The delete operation completed successfully.');
  return EXIT.ok;
}

type BoolFlag = Flag & { type: 'bool' };

export interface ListOptions extends Options {
  /** Further flags whose value is a field of the list request. */
  more?: readonly BoolFlag[];
  /** False where the list has no filter. */
  filter?: boolean;
}

export function listCommand(resource: Resource, options: ListOptions = {}): Command {
  const { more = [], filter = true, ...rest } = options;
  const { container } = resource;
  return defineCommand({
    synopsis: `List ${resource.plural}`,
    ...rest,
    flags: apiFlags(container.flag, ...(filter ? [FILTER] : []), ...(container.recursive ? [RECURSIVE] : []), ...more),
    run: (context) =>
      withClient(context, async (client) => {
        const { printer } = context;
        const recursive = container.recursive && valueOf(context, RECURSIVE);
        const items = await listAll(client, resource, {
          [container.field]: containerId(context, resource),
          ...(filter ? { filter: valueOf(context, FILTER) } : {}),
          ...(recursive ? { recursive } : {}),
          ...Object.fromEntries(more.map((flag) => [flag.name.replaceAll('-', '_'), valueOf(context, flag)])),
        });
        if (printer.format === 'json') printer.json({ status_code: 200, items: items.length === 0 ? null : items });
        else printer.table(listTable(resource.presenter.list, items, recursive));
        return EXIT.ok;
      }),
  });
}

/** All pages of a list, newest first. */
export async function listAll(
  client: ApiClient,
  resource: Resource,
  request: Record<string, unknown>,
): Promise<Item[]> {
  const service = await resource.service();
  const found = new Map<string, Item>();
  let listToken = '';
  for (let page = 0; page < MAX_PAGES; page++) {
    const answer: ListAnswer = await client.call({
      service,
      method: `list${resource.messages}`,
      request: { ...request, ...(listToken === '' ? {} : { list_token: listToken }) },
      action: `list on ${resource.plural}`,
      attempt: `list ${resource.plural}`,
    });
    for (const item of answer.items ?? []) found.set(String(item.id), item);
    for (const id of answer.removed_ids ?? []) found.delete(id);
    listToken = answer.list_token ?? '';
    if (answer.response_type !== 'delta' || listToken === '')
      return page === 0 ? [...found.values()] : newestFirst([...found.values()]);
  }
  throw new LocalError(`Error trying to list ${resource.plural}: the list did not end after ${MAX_PAGES} pages`);
}

const createdAt = ({ created_time: time }: Item): number => Date.parse(typeof time === 'string' ? time : '');

const newestFirst = (items: Item[]): Item[] => items.sort((a, b) => createdAt(b) - createdAt(a));

function containerId(context: Context, { container }: Resource): string {
  const id = valueOf(context, container.flag);
  if (id === '')
    throw new UsageError(
      `${container.label} ID must be passed in via -${container.flag.name} or SALLYPORT_${container.flag.env} (or BOUNDARY_${container.flag.env})`,
    );
  return id;
}

export interface CreateOptions<M extends Flag = never> extends Options {
  /** Subtype in words, `tcp`; part of error texts. */
  kind?: string;
  /** Sends `type` with the item. */
  sendType?: boolean;
  /** The type where the API spells it differently. */
  type?: string;
  /** Fields besides name and description. */
  fields?: readonly Field[];
  /** Flags whose value stands beside the item in the request. */
  beside?: readonly BoolFlag[];
  /** The same for texts. */
  besideTexts?: readonly TextFlag[];
  /** Flags that `complete` reads. */
  more?: readonly M[];
  /**
   * Last changes to the item: what flags alone do not give, such as a password that was asked for.
   */
  complete?(context: ApiContext<M>, body: Body): Promise<void> | void;
  /** Key of another method. */
  method?: string;
}

/** Messages call a kind with two names by the name in the command. */
const named = ({ path }: Context, noun: string, kind: string | undefined): string =>
  kind === undefined ? noun : noun.replace(kind, () => path.at(-1)!);

export function createCommand<const M extends Flag = never>(
  resource: Resource,
  options: CreateOptions<M> = {},
): Command {
  const { kind, fields = [], beside = [], besideTexts = [], more = [] } = options;
  const all = [NAME, DESCRIPTION, ...(resource.fields ?? []), ...fields];
  const noun = kind === undefined ? resource.singular : `${kind}-type ${resource.singular}`;
  return {
    synopsis: `Create ${article(noun)}`,
    ...(options.examples === undefined ? {} : { examples: options.examples }),
    flags: apiFlags(resource.container.flag, ...all.map((field) => field.flag), ...more, ...beside, ...besideTexts),
    async run(context: ApiContext<M>) {
      const body = bodyOf(context, all, 'create');
      const { item } = body;
      item[resource.container.field] = containerId(context, resource);
      if (options.sendType === true) item.type = options.type ?? kind;
      await options.complete?.(context, body);
      const name = (flag: Flag): string => flag.name.replaceAll('-', '_');
      const flags = [
        ...beside.map((flag) => [name(flag), valueOf(context, flag)] as const),
        ...besideTexts.map((flag) => [name(flag), valueOf(context, flag)] as const),
      ];
      return withClient(context, async (client) => {
        const answer = await client.call({
          service: await resource.service(),
          method: options.method ?? `create${resource.message}`,
          request: { item, ...(Object.fromEntries(flags) as Record<string, unknown>) },
          action: `create on ${named(context, noun, kind)}`,
          attempt: `create ${named(context, noun, kind)}`,
        });
        return showItem(context, answer.item as Item | undefined, resource.presenter.item);
      });
    },
  };
}

export interface UpdateOptions<M extends Flag = never> extends Options {
  kind?: string;
  fields?: readonly Field[];
  /** Flags that `complete` reads. */
  more?: readonly M[];
  /** Last changes to the body: what flags alone do not give. */
  complete?(context: ApiContext<M>, body: Body): Promise<void> | void;
}

export function updateCommand<const M extends Flag = never>(
  resource: Resource,
  options: UpdateOptions<M> = {},
): Command {
  const { kind, fields = [], more = [], complete, ...rest } = options;
  const all = [NAME, DESCRIPTION, ...(resource.fields ?? []), ...fields];
  const noun = kind === undefined ? resource.singular : `${kind}-type ${resource.singular}`;
  return {
    synopsis: `Update ${article(noun)}`,
    ...rest,
    flags: apiFlags(idFlag(resource), ...all.map((field) => field.flag), ...more, VERSION),
    async run(context: ApiContext<M> & Context<{ id: string; version: number | undefined }>) {
      const id = requiredId(context);
      const body: Body = bodyOf(context, all, 'update');
      await complete?.(context, body);
      if (body.mask.length === 0) refuseEmpty(context, all);
      const what = named(context, noun, kind);
      const names = { action: `update on ${what}`, attempt: `update ${what}` };
      return withClient(context, async (client) => {
        const version = await currentVersion(context, client, resource, { id, ...names });
        const answer = await client.call({
          service: await resource.service(),
          method: `update${resource.message}`,
          request: { id, item: { ...body.item, version } },
          mask: body.mask,
          ...names,
        });
        return showItem(context, answer.item as Item | undefined, resource.presenter.item);
      });
    },
  };
}

/** An empty text is none: somebody who gives nothing else means to clear it. */
function refuseEmpty(context: Context, fields: readonly Field[]): void {
  const empty = fields.find(({ flag }) => valueOf(context, flag) === '' && context.line.inOrder(flag).length > 0);
  if (empty === undefined) return;
  const how = empty.clearable === false ? 'give it a value' : 'the word null clears it';
  throw new UsageError(`-${empty.flag.name} is empty, and nothing else is to be changed; ${how}`);
}

/** Levels for resources with subtypes: `create tcp`. */
export const kinds = (synopsis: string, commands: Readonly<Record<string, Command>>): Command => ({
  synopsis,
  commands: Object.fromEntries(
    Object.entries(commands).map(([kind, command]) => [kind, () => Promise.resolve(command)]),
  ),
});

export interface EditOptions extends Options {
  /** `add-members`. */
  verb: string;
  /** Key in the service definition. */
  method: string;
  /** Repeatable flag with the values. */
  flag: string;
  /** What a value is, for help. */
  what: string;
  /** Field of the request. */
  field: string;
  /** Checks one value; throws a UsageError. */
  check?(value: string): void;
  /** The content of the request's field, where it is not the list of values. */
  encode?(values: readonly string[]): unknown;
}

type ListFlag = Flag & { type: 'list' };

const EDITS: Record<string, string> = { add: 'Add', set: 'Replace all', remove: 'Remove' };

/**
 * Adds to, replaces or removes from a list of an item. A lone `null` replaces the list with an
 * empty one.
 */
export function editCommand(resource: Resource, options: EditOptions): Command {
  const { verb, flag } = options;
  const kind = verb.split('-')[0]!;
  const empties = kind === 'set' ? ' A single null leaves none.' : '';
  const list: ListFlag = { name: flag, type: 'list', description: `${options.what}.${empties}` };
  return defineCommand({
    synopsis: `${EDITS[kind]} ${verb.slice(kind.length + 1).replaceAll('-', ' ')} of ${article(resource.singular)}`,
    ...(options.examples === undefined ? {} : { examples: options.examples }),
    ...(options.alias === undefined ? {} : { alias: options.alias }),
    flags: apiFlags(idFlag(resource), list, VERSION),
    async run(context) {
      const id = requiredId(context);
      const values = editValues(valueOf(context, list), options, kind);
      const names = { action: `${verb} on ${resource.singular}`, attempt: `${verb} of ${resource.singular}` };
      return withClient(context, async (client) => {
        const version = await currentVersion(context, client, resource, { id, ...names });
        const request = { id, version, [options.field]: options.encode?.(values) ?? values };
        const answer = await client.call({
          service: await resource.service(),
          method: options.method,
          request,
          ...names,
        });
        return showItem(context, answer.item as Item | undefined, resource.presenter.item);
      });
    },
  });
}

function editValues(list: readonly string[], { flag, check }: EditOptions, kind: string): readonly string[] {
  if (list.length === 0) throw new UsageError(`No values were given; use -${flag}, once for each`);
  if (kind === 'set' && list.length === 1 && list[0] === 'null') return [];
  list.forEach((value) => check?.(value));
  return list;
}
