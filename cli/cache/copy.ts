/**
 * A copy of one list of a user. The first refresh reads the whole list. Each later one sends the
 * list token of the refresh before it, and learns what has changed and what was deleted.
 */
import type { ApiClient, ListAnswer } from '../core/client';
import { ControllerError } from '../io/errors';
import type { Item } from '../output/table';
import { aliases } from '../resources/aliases';
import { sessions } from '../resources/sessions';
import { targets } from '../resources/targets';
import type { CachedKind, ResourceStatus } from './api';

/** Items of one list; more is an error, since it would only grow. */
const MAX_ITEMS = 200_000;
/** Pages of one refresh; far more than any list has. */
const MAX_PAGES = 10_000;

/** Terminated sessions are not searched, but the copy must learn of their end to remove them. */
const isGone: Readonly<Partial<Record<CachedKind, (item: Item) => boolean>>> = {
  sessions: (item) => item.status === 'terminated',
};

const EVERYWHERE = { scope_id: 'global', recursive: true };

/** Calls that list the kinds. */
const LISTS: Readonly<
  Record<CachedKind, (client: ApiClient, userId: string, listToken: object) => Promise<ListAnswer>>
> = {
  targets: async (client, _, listToken) =>
    client.call({
      service: await targets.service(),
      method: 'listTargets',
      request: { ...EVERYWHERE, ...listToken },
      action: 'list on targets',
      attempt: 'list targets',
    }),
  sessions: async (client, _, listToken) =>
    client.call({
      service: await sessions.service(),
      method: 'listSessions',
      request: { ...EVERYWHERE, include_terminated: true, ...listToken },
      action: 'list on sessions',
      attempt: 'list sessions',
    }),
  'resolvable-aliases': async (client, userId, listToken) =>
    client.call({
      service: (await import('../../proto/gen/api/users')).UserServiceDefinition,
      method: 'listResolvableAliases',
      request: { id: userId, ...listToken },
      action: `list-resolvable-aliases on ${aliases.plural}`,
      attempt: 'list resolvable aliases',
    }),
};

export class Copy {
  private items = new Map<string, Item>();
  private listToken = '';
  private fetchedAt: number | undefined;
  private refreshedAt: number | undefined;
  private failedAt: number | undefined;
  private failure: string | undefined;

  constructor(
    readonly kind: CachedKind,
    private readonly userId: string,
    private readonly now: () => number,
  ) {}

  all(): Item[] {
    return [...this.items.values()];
  }

  /** Milliseconds since the last refresh that succeeded. */
  get age(): number {
    return this.refreshedAt === undefined ? Infinity : this.now() - this.refreshedAt;
  }

  /** Of the last refresh, if it failed. */
  get lastError(): string | undefined {
    return this.failedAt === undefined || (this.refreshedAt ?? 0) > this.failedAt ? undefined : this.failure;
  }

  /** Brings the copy up to date. Notes an error and throws it again. */
  async refresh(client: ApiClient): Promise<void> {
    try {
      await this.update(client).catch(async (error: unknown) => {
        // A token that the controller no longer takes (expired, other grants) says nothing about
        // the list.
        if (this.listToken === '' || !isInvalidListToken(error)) throw error;
        this.listToken = '';
        await this.update(client);
      });
      this.refreshedAt = this.now();
      this.fetchedAt ??= this.refreshedAt;
    } catch (error) {
      this.failedAt = this.now();
      this.failure = error instanceof Error ? error.message : String(error);
      throw error;
    }
  }

  private async update(client: ApiClient): Promise<void> {
    const changed = this.listToken === '' ? new Map<string, Item>() : new Map(this.items);
    let listToken = this.listToken;
    for (let page = 0; page < MAX_PAGES; page++) {
      const answer = await LISTS[this.kind](client, this.userId, listToken === '' ? {} : { list_token: listToken });
      this.merge(changed, answer);
      listToken = answer.list_token ?? '';
      if (answer.response_type === 'delta' && listToken !== '') continue;
      this.items = changed;
      this.listToken = listToken;
      return;
    }
    throw new Error(`the list did not end after ${MAX_PAGES} pages`);
  }

  private merge(into: Map<string, Item>, answer: ListAnswer): void {
    for (const item of answer.items ?? []) {
      if (isGone[this.kind]?.(item) === true) into.delete(String(item.id));
      else into.set(String(item.id), item);
    }
    for (const id of answer.removed_ids ?? []) into.delete(id);
    if (into.size > MAX_ITEMS) throw new Error(`the list has more than ${MAX_ITEMS} items, which is too much to keep`);
  }

  status(): ResourceStatus {
    const since = (at: number | undefined): number | undefined => (at === undefined ? undefined : this.now() - at);
    return {
      name: this.kind,
      count: this.items.size,
      ...defined({
        since_initial_fetch_ms: since(this.fetchedAt),
        since_last_refresh_ms: since(this.refreshedAt),
        since_last_error_ms: since(this.failedAt),
        last_error: this.failure,
      }),
    };
  }
}

const isInvalidListToken = (error: unknown): boolean =>
  error instanceof ControllerError && error.body.kind === 'invalid list token';

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

const defined = <T extends object>(fields: T): Defined<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
