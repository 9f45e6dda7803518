/** The protocol between the cache and its clients: JSON over HTTP on a Unix socket. */

/** Kinds of which the cache holds copies. */
export const CACHED = ['resolvable-aliases', 'sessions', 'targets'] as const;
export type CachedKind = (typeof CACHED)[number];

/**
 * The kinds that can be searched. Implicit scopes are the scopes of the targets and sessions in the
 * cache.
 */
export const SEARCHABLE = [...CACHED, 'implicit-scopes'] as const;
export type Searchable = (typeof SEARCHABLE)[number];

/** Key of the found items in an answer. */
export const keyOf = (kind: Searchable): string => kind.replaceAll('-', '_');

/** `POST /v1/tokens`. The token itself, or where in the keyring it is. */
export interface TokenRequest {
  boundary_addr: string;
  auth_token_id: string;
  auth_token?: string | undefined;
  keyring?: { keyring_type: string; token_name: string } | undefined;
  /** What the user allows; nothing when absent. */
  allow_other_address?: boolean | undefined;
  allow_clear_text?: boolean | undefined;
}

/** - `refreshing`: a refresh did not end in time and goes on, so that the answer may be old. */
export type RefreshStatus = 'not-refreshing' | 'refreshing' | 'refresh-error';

/** `GET /v1/search`: the items stand under the key of their kind. */
export interface SearchAnswer {
  [kind: string]: unknown;
  /** There were more. */
  incomplete?: true;
  refresh_status: RefreshStatus;
  refresh_error?: string;
}

export interface ResourceStatus {
  name: CachedKind;
  count: number;
  /** Milliseconds; absent when it has not happened. */
  since_initial_fetch_ms?: number;
  since_last_refresh_ms?: number;
  since_last_error_ms?: number;
  last_error?: string;
}

export interface UserStatus {
  id: string;
  address: string;
  auth_tokens: { id: string; in_keyring: boolean }[];
  /** Whether the controller can tell what has changed since a list. */
  search_support: 'supported' | 'unsupported' | 'unknown';
  since_search_support_check_ms?: number;
  resources: ResourceStatus[];
}

/** `GET /v1/status`. */
export interface StatusAnswer {
  domain_socket: string;
  log_location: string;
  uptime_ms: number;
  version: string;
  users: UserStatus[];
}
