/** SQL that authorize-session reads with. */
import { row, rows, sql, type Executor } from '../db/db';
import { scopeColumn, type ScopeOfRow } from '../resources/rows';
import type { Endpoint } from './authorize-session.choice';

/** A target as far as sessions need it. */
export interface SessionTarget {
  id: string;
  scope_id: string;
  scope: ScopeOfRow;
  type: string;
  version: number;
  address: string | null;
  default_port: number;
  default_client_port: number | null;
  session_max_seconds: number;
  session_connection_limit: number;
  offline_grace_seconds: number | null;
  /** Whether sessions come with credentials. */
  brokers_credentials: boolean;
  /** Filter of the workers that may serve it. */
  worker_filter: string | null;
}

const select = sql`
  select r.id, r.scope_id, r.type, r.version, r.address, r.default_port, r.default_client_port, r.session_max_seconds,
    r.session_connection_limit, r.offline_grace_seconds, coalesce(r.egress_worker_filter, r.worker_filter) as worker_filter,
    exists (select from target_credential_sources c where c.target_id = r.id) as brokers_credentials,
    ${scopeColumn}
  from targets r join scopes s on s.id = r.scope_id`;

export const targetById = (on: Executor, id: string): Promise<SessionTarget | undefined> =>
  row(on, sql`${select} where r.id = ${id}`);

/**
 * Targets of that name, in any case, in the project: names that differ in case only may coexist.
 */
export const targetsByName = (
  on: Executor,
  name: string,
  scope: { id: string } | { name: string },
): Promise<SessionTarget[]> =>
  rows(
    on,
    sql`${select} where lower(r.name) = lower(${name})
        and ${'id' in scope ? sql`s.id = ${scope.id}` : sql`s.name = ${scope.name}`}
        order by r.name = ${name} desc, r.id`,
  );

/** Every host of every host set of the target. */
export const endpointsOf = (on: Executor, targetId: string): Promise<Endpoint[]> =>
  rows(
    on,
    sql`select h.id as host_id, m.host_set_id, h.address
        from target_host_sets t
        join host_set_members m on m.host_set_id = t.host_set_id
        join hosts h on h.id = m.host_id
        where t.target_id = ${targetId}`,
  );
