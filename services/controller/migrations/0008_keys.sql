-- Rotation and destruction of keys, replacement of the certificate authority, and who was active in which month.

-- What is left to do, or was done, to destroy a data key version. The row outlives the key version.
create table kms_destruction_jobs (
  key_version_id text primary key,
  scope_id text not null references scopes (id) on delete cascade,
  status text not null default 'pending'
    constraint destruction_status_is_known check (status in ('pending', 'running', 'completed')),
  created_time timestamptz not null,
  -- Secrets that the key version encrypted when the job was made, and how many are encrypted anew.
  total_count bigint not null constraint total_count_is_not_negative check (total_count >= 0),
  completed_count bigint not null default 0 constraint completed_count_is_not_negative check (completed_count >= 0)
);
create index kms_destruction_jobs_by_scope on kms_destruction_jobs (scope_id, created_time desc);
create index kms_destruction_jobs_to_do on kms_destruction_jobs (created_time) where status <> 'completed';

-- What a key version encrypts is looked for by its id.
create index auth_tokens_by_key on auth_tokens (key_id);

-- A root key version goes alone: its data keys have to be wrapped by another one before.
alter table kms_data_key_versions
  drop constraint kms_data_key_versions_root_key_version_id_fkey,
  add constraint data_key_version_needs_its_root foreign key (root_key_version_id)
    references kms_root_key_versions (id) deferrable initially deferred;

-- Controllers hold the newest keys in memory, and learn here that there are others.
create function notify_of_keys() returns trigger language plpgsql as $$
begin
  perform pg_notify('sallyport_keys', '');
  return null;
end $$;
create trigger keys_rotated after insert on kms_data_key_versions
  for each row when (new.version > 1) execute function notify_of_keys();

create function notify_of_authority() returns trigger language plpgsql as $$
begin
  perform pg_notify('sallyport_authority', '');
  return null;
end $$;
create trigger authority_changed after insert or update or delete on ca_certificates
  for each statement execute function notify_of_authority();

-- The private key of a session is fixed, except that it may be encrypted by another key.
drop trigger session_fixed_columns on sessions;
create trigger session_fixed_columns before update on sessions for each row
  when ((
    old.id, old.type, old.endpoint, old.certificate, old.connection_limit,
    old.concurrent_connection_limit, old.offline_grace_seconds, old.end_on_token_expiry,
    old.egress_worker_filter, old.by_address, old.correlation_id, old.expiration_time, old.created_time
  ) is distinct from (
    new.id, new.type, new.endpoint, new.certificate, new.connection_limit,
    new.concurrent_connection_limit, new.offline_grace_seconds, new.end_on_token_expiry,
    new.egress_worker_filter, new.by_address, new.correlation_id, new.expiration_time, new.created_time
  ))
  execute function refuse_change_of(
    'id', 'type', 'endpoint', 'certificate', 'connection_limit', 'concurrent_connection_limit',
    'offline_grace_seconds', 'end_on_token_expiry', 'egress_worker_filter', 'by_address', 'correlation_id',
    'expiration_time', 'created_time'
  );
create trigger session_private_key_is_fixed before update on sessions for each row
  when (old.private_key is distinct from new.private_key and old.key_id is not distinct from new.key_id)
  execute function refuse_change_of('private_key');

-- Users who opened a session, by calendar month (UTC). Sessions and users are deleted earlier than months are counted.
create table monthly_active_users (
  month timestamptz not null,
  user_id text not null,
  constraint user_is_active_once_a_month primary key (month, user_id)
);

create function count_active_user() returns trigger language plpgsql as $$
begin
  insert into monthly_active_users (month, user_id)
    values (date_trunc('month', new.created_time, 'UTC'), new.user_id)
    on conflict do nothing;
  return null;
end $$;
create trigger session_makes_its_user_active after insert on sessions for each row execute function count_active_user();
