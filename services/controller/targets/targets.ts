/** Targets: what sessions are opened to, with the limits that those sessions get. */
import { prefixOf, prefixesOf } from '../../../lib/contract/id-prefixes';
import { idActions } from '../authz/actions';
import type { Item } from '../authz/authz';
import { commonItem, type ItemRow } from '../resources/rows';

export const TCP_TARGET_PREFIX = prefixOf('target', 'tcp');
/** Other types are not served, so that their ids are as ill-formed as any. */
export const TARGET_PREFIXES = prefixesOf('target', 'tcp');
export const TARGET_ACTIONS = idActions('target');
export const TARGET_ATTRIBUTES = { default_port: 'number', default_client_port: 'number' } as const;

/** 8 hours. */
export const DEFAULT_SESSION_MAX_SECONDS = 28_800;
/** Value of connection limits that means none. */
export const UNLIMITED = -1;

/** Columns that an update can change, by mask path. */
export const TARGET_MUTABLE = {
  name: 'name',
  description: 'description',
  address: 'address',
  session_max_seconds: 'session_max_seconds',
  session_connection_limit: 'session_connection_limit',
  session_concurrent_connection_limit: 'session_concurrent_connection_limit',
  offline_grace_seconds: 'offline_grace_seconds',
  end_sessions_on_token_expiry: 'end_sessions_on_token_expiry',
  worker_filter: 'worker_filter',
  egress_worker_filter: 'egress_worker_filter',
  ingress_worker_filter: 'ingress_worker_filter',
  'attributes.default_port': 'default_port',
  'attributes.default_client_port': 'default_client_port',
} as const;

export interface TargetRow extends ItemRow {
  scope_id: string;
  type: string;
  address: string | null;
  default_port: number;
  default_client_port: number | null;
  session_max_seconds: number;
  session_connection_limit: number;
  session_concurrent_connection_limit: number;
  offline_grace_seconds: number | null;
  end_sessions_on_token_expiry: boolean;
  worker_filter: string | null;
  egress_worker_filter: string | null;
  /** Absent in lists. */
  host_sources?: { id: string; host_catalog_id: string }[];
  /** Absent in lists. */
  brokered_credential_sources?: { id: string; credential_store_id: string }[];
  /** Absent in lists. */
  aliases?: { id: string; value: string }[];
}

export const targetResource = (row: Pick<TargetRow, 'id' | 'scope_id' | 'scope'>): Item<'target'> => ({
  type: 'target',
  id: row.id,
  scopeId: row.scope_id,
  parentScopeId: row.scope.parent_scope_id,
});

/**
 * Fields of our own are left out at their defaults, so that clients that do not know them see what
 * they expect.
 */
export const targetItem = (row: TargetRow) => ({
  ...commonItem(row),
  scope_id: row.scope_id,
  type: row.type,
  // Clients expect it even when it is empty.
  address: row.address ?? '',
  host_source_ids: (row.host_sources ?? []).map((source) => source.id),
  host_sources: row.host_sources ?? [],
  brokered_credential_source_ids: (row.brokered_credential_sources ?? []).map((source) => source.id),
  brokered_credential_sources: row.brokered_credential_sources ?? [],
  session_max_seconds: row.session_max_seconds,
  session_connection_limit: row.session_connection_limit,
  session_concurrent_connection_limit: unless(row.session_concurrent_connection_limit, UNLIMITED),
  offline_grace_seconds: row.offline_grace_seconds ?? undefined,
  end_sessions_on_token_expiry: unless(row.end_sessions_on_token_expiry, false),
  worker_filter: row.worker_filter ?? undefined,
  egress_worker_filter: row.egress_worker_filter ?? undefined,
  aliases: row.aliases ?? [],
  attributes: {
    default_port: row.default_port,
    ...(row.default_client_port === null ? {} : { default_client_port: row.default_client_port }),
  },
});

const unless = <T>(value: T, left: T): T | undefined => (value === left ? undefined : value);
