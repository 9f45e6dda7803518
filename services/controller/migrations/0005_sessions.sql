-- Sessions and their connections. The state machine is pending -> active -> canceling -> terminated, steps may be
-- left out, and nothing leads back. A statement moves a session by setting status and status_time; triggers write the
-- history, the version and the notification.

create table sessions (
  id text primary key constraint session_id_has_its_form check (id ~ '^s_[0-9A-Za-z]{10}$'),
  -- Parents; null once they are deleted, which ends the session. Deferred, because one deletion may reach a session
  -- by several ways, and the row must not be checked in between.
  scope_id text references scopes (id) on delete set null deferrable initially deferred,
  target_id text references targets (id) on delete set null deferrable initially deferred,
  user_id text references users (id) on delete set null deferrable initially deferred,
  auth_token_id text references auth_tokens (id) on delete set null deferrable initially deferred,
  -- Absent when the endpoint is the target's own address.
  host_id text references hosts (id) on delete set null deferrable initially deferred,
  host_set_id text references host_sets (id) on delete set null deferrable initially deferred,
  -- The endpoint was the target's own address: clearing that ends the session.
  by_address boolean not null,
  type text not null,
  -- URL, type://host:port.
  endpoint text not null,
  -- DER, and its Ed25519 key of 64 bytes, encrypted.
  certificate bytea not null,
  private_key bytea not null,
  key_id text references kms_data_key_versions (id) on delete set null deferrable initially deferred,
  -- HMAC of the first-use token, once a client is bound.
  tofu_hmac bytea,
  -- Limits as the target had them, -1 is none: connections ever made, and open at once.
  connection_limit integer not null constraint connection_limit_is_positive_or_none
    check (connection_limit = -1 or connection_limit > 0),
  concurrent_connection_limit integer not null constraint concurrent_connection_limit_is_positive_or_none
    check (concurrent_connection_limit = -1 or concurrent_connection_limit > 0),
  -- Slots taken.
  made integer not null default 0 constraint made_is_not_negative check (made >= 0),
  open integer not null default 0 constraint open_is_not_negative check (open >= 0),
  offline_grace_seconds integer constraint offline_grace_is_not_negative check (offline_grace_seconds >= 0),
  end_on_token_expiry boolean not null,
  egress_worker_filter text,
  -- Id of the request that made it.
  correlation_id text not null,
  expiration_time timestamptz not null,
  status text not null default 'pending'
    constraint session_status_is_known check (status in ('pending', 'active', 'canceling', 'terminated')),
  -- When it entered its state.
  status_time timestamptz not null,
  termination_reason text constraint termination_reason_is_known
    check (termination_reason in ('timed out', 'canceled', 'connection limit')),
  -- User who canceled it, and in which role of the closed reasons it was ended.
  canceled_by text,
  ended_by text constraint session_is_ended_by_someone_known check (ended_by in ('admin', 'client', 'policy', 'controller')),
  created_time timestamptz not null,
  updated_time timestamptz not null,
  version integer not null default 1 constraint version_is_positive check (version > 0),
  constraint session_expires_after_its_creation check (expiration_time > created_time),
  constraint terminated_session_has_a_reason check ((status = 'terminated') = (termination_reason is not null)),
  constraint terminated_session_has_no_open_connection check (status <> 'terminated' or open = 0),
  constraint connection_limit_is_kept check (connection_limit = -1 or made <= connection_limit),
  constraint concurrent_connection_limit_is_kept check (concurrent_connection_limit = -1 or open <= concurrent_connection_limit),
  constraint open_connections_were_made check (open <= made),
  constraint pending_session_has_no_client check (status <> 'pending' or (made = 0 and tofu_hmac is null)),
  constraint active_session_has_a_client check (status <> 'active' or tofu_hmac is not null)
);
create index sessions_by_created_time on sessions (scope_id, created_time desc, id desc);
create index sessions_by_updated_time on sessions (scope_id, updated_time desc, id desc);
-- Lists leave out what has ended, which is most of the table.
create index sessions_live_by_created_time on sessions (scope_id, created_time desc, id desc) where status <> 'terminated';
create index sessions_by_target on sessions (target_id);
create index sessions_by_user on sessions (user_id);
create index sessions_by_auth_token on sessions (auth_token_id);
create index sessions_by_host on sessions (host_id);
create index sessions_by_host_set on sessions (host_set_id);
create index sessions_by_key on sessions (key_id);
-- What the periodic tasks look at.
create index sessions_not_ended on sessions (expiration_time) where status <> 'terminated';
create index sessions_canceling on sessions (status_time) where status = 'canceling';
create index sessions_terminated on sessions (status_time) where status = 'terminated';

-- The condition keeps the costly function off the path of every connection.
create trigger session_fixed_columns before update on sessions for each row
  when ((
    old.id, old.type, old.endpoint, old.certificate, old.private_key, old.connection_limit,
    old.concurrent_connection_limit, old.offline_grace_seconds, old.end_on_token_expiry,
    old.egress_worker_filter, old.by_address, old.correlation_id, old.expiration_time, old.created_time
  ) is distinct from (
    new.id, new.type, new.endpoint, new.certificate, new.private_key, new.connection_limit,
    new.concurrent_connection_limit, new.offline_grace_seconds, new.end_on_token_expiry,
    new.egress_worker_filter, new.by_address, new.correlation_id, new.expiration_time, new.created_time
  ))
  execute function refuse_change_of(
    'id', 'type', 'endpoint', 'certificate', 'private_key', 'connection_limit', 'concurrent_connection_limit',
    'offline_grace_seconds', 'end_on_token_expiry', 'egress_worker_filter', 'by_address', 'correlation_id',
    'expiration_time', 'created_time'
  );
create trigger session_tombstone after delete on sessions for each row execute function record_tombstone('session');

create function check_new_session() returns trigger language plpgsql as $$
begin
  if new.status <> 'pending' then
    raise exception 'a session starts pending' using errcode = '23514', constraint = 'session_starts_pending';
  end if;
  if num_nulls(new.scope_id, new.target_id, new.user_id, new.auth_token_id, new.key_id) > 0 then
    raise exception 'a session starts with all its parents' using errcode = '23514', constraint = 'session_starts_with_its_parents';
  end if;
  return new;
end $$;
create trigger session_starts before insert on sessions for each row execute function check_new_session();

-- Ends sessions that lose a parent, refuses steps back, and counts versions. An auth token that goes because it
-- expired ends only the sessions that asked for it; who purges such tokens sets sallyport.token_expiry to on.
create function advance_session() returns trigger language plpgsql as $$
declare
  token_expired boolean := coalesce(current_setting('sallyport.token_expiry', true), '') = 'on';
begin
  if new.status in ('pending', 'active') and (
    (old.scope_id is not null and new.scope_id is null)
    or (old.target_id is not null and new.target_id is null)
    or (old.user_id is not null and new.user_id is null)
    or (old.host_id is not null and new.host_id is null)
    or (old.host_set_id is not null and new.host_set_id is null)
    or (old.auth_token_id is not null and new.auth_token_id is null and (new.end_on_token_expiry or not token_expired))
  ) then
    new.status := 'canceling';
    new.status_time := sallyport_now();
    new.ended_by := 'policy';
  end if;
  if new.status <> old.status then
    if (old.status, new.status) not in (
      ('pending', 'active'), ('pending', 'canceling'), ('pending', 'terminated'),
      ('active', 'canceling'), ('active', 'terminated'), ('canceling', 'terminated')
    ) then
      raise exception 'session % cannot go from % to %', new.id, old.status, new.status
        using errcode = '23514', constraint = 'session_state_only_advances';
    end if;
    -- Clocks of controllers differ; a state still lasts longer than nothing.
    new.status_time := greatest(new.status_time, old.status_time + interval '1 microsecond');
    new.version := old.version + 1;
    new.updated_time := greatest(date_trunc('milliseconds', new.status_time), old.updated_time);
  end if;
  return new;
end $$;
create trigger session_advances before update on sessions for each row execute function advance_session();

create table session_states (
  session_id text not null references sessions (id) on delete cascade,
  status text not null,
  prior_status text,
  start_time timestamptz not null,
  end_time timestamptz,
  constraint session_enters_a_state_once primary key (session_id, status),
  constraint session_state_has_one_successor unique (session_id, prior_status),
  constraint session_state_end_is_known_once unique (session_id, status, end_time),
  constraint session_state_range_is_not_empty check (end_time > start_time),
  constraint session_state_follows_a_legal_one check (
    (prior_status is null and status = 'pending')
    or (prior_status is not null and (prior_status, status) in (
      ('pending', 'active'), ('pending', 'canceling'), ('pending', 'terminated'),
      ('active', 'canceling'), ('active', 'terminated'), ('canceling', 'terminated')
    ))
  ),
  -- Ranges meet: together with the non-empty range, none overlaps another.
  constraint session_state_starts_when_its_prior_ends foreign key (session_id, prior_status, start_time)
    references session_states (session_id, status, end_time)
);

create function record_session_state() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' then
    update session_states set end_time = new.status_time where session_id = new.id and status = old.status;
    insert into session_states (session_id, status, prior_status, start_time)
      values (new.id, new.status, old.status, new.status_time);
  else
    insert into session_states (session_id, status, start_time) values (new.id, new.status, new.status_time);
  end if;
  -- Wakes the controllers, which tell the workers. Lost ones are found by the periodic pass.
  if new.status <> 'active' then
    perform pg_notify('sallyport_sessions', new.id || ' ' || new.status);
  end if;
  return null;
end $$;
create trigger session_state_of_new after insert on sessions for each row execute function record_session_state();
create trigger session_state_of_change after update on sessions
  for each row when (old.status is distinct from new.status) execute function record_session_state();

create function cancel_sessions_by_address() returns trigger language plpgsql as $$
begin
  update sessions set status = 'canceling', status_time = sallyport_now(), ended_by = 'policy'
    where target_id = new.id and by_address and status in ('pending', 'active');
  return null;
end $$;
create trigger cleared_address_ends_sessions after update of address on targets
  for each row when (old.address is not null and new.address is null) execute function cancel_sessions_by_address();

-- Workers that may serve a session, in order of preference.
create table session_workers (
  session_id text not null references sessions (id) on delete cascade,
  worker_id text not null references workers (id) on delete cascade,
  preference integer not null,
  primary key (session_id, worker_id)
);
create index session_workers_by_worker on session_workers (worker_id);

create table session_connections (
  id text primary key constraint connection_id_has_its_form check (id ~ '^sc_[0-9A-Za-z]{10}$'),
  session_id text not null references sessions (id) on delete cascade,
  worker_id text references workers (id) on delete set null,
  -- Process of the worker that carries it.
  boot_id text not null,
  client_address text not null,
  client_port integer not null constraint client_port_is_a_port check (client_port between 0 and 65535),
  endpoint_address text,
  endpoint_port integer constraint endpoint_port_is_a_port check (endpoint_port between 0 and 65535),
  -- Payload that the receiving side's kernel accepted.
  bytes_up bigint not null default 0 constraint bytes_up_is_not_negative check (bytes_up >= 0),
  bytes_down bigint not null default 0 constraint bytes_down_is_not_negative check (bytes_down >= 0),
  -- The worker has told the exact end.
  bytes_final boolean not null default false,
  -- Its worker has not been heard of since.
  unreachable_since timestamptz,
  created_time timestamptz not null,
  closed_time timestamptz,
  closed_reason text constraint closed_reason_is_known check (closed_reason in
    ('timed out', 'closed by end-user', 'closed by endpoint', 'canceled', 'network error', 'system error')),
  closed_by text constraint closed_by_is_known check (closed_by in
    ('client', 'endpoint', 'worker', 'controller', 'admin', 'policy')),
  cause text constraint cause_is_known check (cause in
    ('fin', 'rst', 'dial refused', 'dial timeout', 'dial unreachable', 'name not found', 'idle timeout', 'expired', 'canceled',
     'worker drain', 'worker lost', 'client lost', 'endpoint lost', 'protocol error', 'controller unreachable')),
  error text,
  connect_latency_us integer constraint connect_latency_is_not_negative check (connect_latency_us >= 0),
  first_byte_latency_us integer constraint first_byte_latency_is_not_negative check (first_byte_latency_us >= 0),
  -- Its close as "worker lost" was replaced by the worker's own word, which happens once.
  amended boolean not null default false,
  constraint closed_connection_says_who_and_why
    check (num_nonnulls(closed_time, closed_reason, closed_by, cause) in (0, 4))
);
create index session_connections_by_session on session_connections (session_id, created_time desc, id desc);
create index session_connections_open on session_connections (worker_id) where closed_time is null;

create function guard_connection() returns trigger language plpgsql as $$
begin
  -- The deletion of its worker may change a closed row, nothing else may.
  if old.closed_time is not null and (to_jsonb(new) - 'worker_id') is distinct from (to_jsonb(old) - 'worker_id')
    and not (old.cause = 'worker lost' and not old.bytes_final and not old.amended and new.amended and new.closed_time is not null)
  then
    raise exception 'connection % is closed', new.id using errcode = '23514', constraint = 'closed_connection_is_final';
  end if;
  if new.bytes_up < old.bytes_up or new.bytes_down < old.bytes_down then
    raise exception 'bytes of connection % never fall', new.id using errcode = '23514', constraint = 'bytes_never_fall';
  end if;
  return new;
end $$;
create trigger connection_fixed_columns before update on session_connections for each row
  when ((
    old.id, old.session_id, old.boot_id, old.client_address, old.client_port, old.created_time
  ) is distinct from (
    new.id, new.session_id, new.boot_id, new.client_address, new.client_port, new.created_time
  ))
  execute function refuse_change_of(
    'id', 'session_id', 'boot_id', 'client_address', 'client_port', 'created_time'
  );
create trigger connection_guard before update on session_connections for each row execute function guard_connection();

-- After the statement, because that statement activates the session and takes the slot too.
create function check_new_connection() returns trigger language plpgsql as $$
begin
  if not exists (select from sessions where id = new.session_id and status = 'active' and open > 0) then
    raise exception 'session % takes no connection', new.session_id
      using errcode = '23514', constraint = 'connection_needs_an_active_session';
  end if;
  return null;
end $$;
create trigger connection_needs_an_active_session after insert on session_connections
  for each row execute function check_new_connection();
