/** Workers: they carry the bytes of sessions near the targets, and dial out to controllers. */
import { prefixOf } from '../../../lib/contract/id-prefixes';
import { idActions } from '../authz/actions';
import type { Item } from '../authz/authz';
import { commonItem, type ItemRow } from '../resources/rows';

export const WORKER_PREFIX = prefixOf('worker', 'worker');

/** Tag keys to lists of values. */
export type Tags = Record<string, string[]>;

export interface WorkerRow extends ItemRow {
  scope_id: string;
  type: string;
  config_managed: boolean;
  api_tags: Tags;
  config_tags: Tags;
  address: string | null;
  release_version: string | null;
  /** When the controller that has its stream last renewed its lease, or when the stream ended. */
  last_status_time: Date | null;
  active_connection_count: number;
  draining: boolean;
}

/** Actions on a worker. What a configuration file defines cannot be changed by the API. */
export const workerActions = (worker: Pick<WorkerRow, 'config_managed'>): string[] =>
  idActions('worker').filter((action) => !worker.config_managed || action !== 'update');

export const workerResource = (worker: WorkerRow): Item<'worker'> => ({
  type: 'worker',
  id: worker.id,
  scopeId: worker.scope_id,
  parentScopeId: undefined,
});

/** Tags of both sources together, as worker filters see them. */
export function canonicalTags(worker: { api_tags: Tags; config_tags: Tags }): Tags {
  const keys = new Set([...Object.keys(worker.config_tags), ...Object.keys(worker.api_tags)]);
  return Object.fromEntries(
    [...keys].map((key) => [key, [...new Set([...(worker.config_tags[key] ?? []), ...(worker.api_tags[key] ?? [])])]]),
  );
}

const present = (tags: Tags): Tags | undefined => (Object.keys(tags).length === 0 ? undefined : tags);

/** The worker as the API shows it. */
export const workerItem = (worker: WorkerRow) => ({
  ...commonItem(worker),
  scope_id: worker.scope_id,
  address: worker.address ?? '',
  canonical_tags: present(canonicalTags(worker)),
  config_tags: present(worker.config_tags),
  api_tags: present(worker.api_tags),
  last_status_time: worker.last_status_time ?? undefined,
  active_connection_count: worker.active_connection_count,
  draining: worker.draining,
  type: worker.type,
  local_storage_state: 'unknown',
  release_version: worker.release_version === null ? '' : `Sallyport v${worker.release_version}`,
});
