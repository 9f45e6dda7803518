import type { AsJson } from '../../lib/rpc/as-json';
import type { Alias } from '../../proto/gen/api/aliases';
import type { Searchable } from './api';
import { sessions } from '../output/sessions';
import { listTable, type Item, type ListLayout } from '../output/table';
import { targets } from '../output/targets';

const NONE = 'No items found';

const LAYOUTS: Readonly<Record<Searchable, ListLayout>> = {
  targets: targets.list,
  sessions: sessions.list,
  'resolvable-aliases': {
    title: 'Resolvable Alias',
    none: NONE,
    fields: (alias: AsJson<Alias>) => ({
      Version: alias.version,
      Type: alias.type,
      DestinationId: alias.destination_id,
      Value: alias.value,
    }),
  },
  'implicit-scopes': { title: 'Scope', none: NONE, fields: () => ({}) },
};

/** Found items, with their scopes. */
export const searchTable = (kind: Searchable, items: readonly Item[]): string[] =>
  listTable({ ...LAYOUTS[kind], none: NONE }, items, true);
