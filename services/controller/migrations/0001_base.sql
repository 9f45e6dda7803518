-- Deployment, scopes, keys and what all tables share.
-- Times come from the application's clock: as columns of the statements, and in triggers through the setting
-- sallyport.now, which every writing transaction sets. Only this first seeding uses the database's clock.

create domain resource_name as text
  constraint name_is_trimmed_and_bounded check (value = btrim(value) and length(value) between 1 and 512);
create domain resource_description as text
  constraint description_is_bounded check (length(value) between 1 and 131072);

create function sallyport_now() returns timestamptz language plpgsql stable as $$
begin
  return current_setting('sallyport.now')::timestamptz;
exception when undefined_object or invalid_datetime_format then
  raise exception 'this change must run in a transaction that sets sallyport.now';
end $$;

-- Deleted ids, for list refreshes. Purged after 30 days.
create table tombstones (
  resource_type text not null,
  id text not null,
  deleted_time timestamptz not null,
  primary key (resource_type, id)
);
create index tombstones_by_time on tombstones (resource_type, deleted_time);

create function record_tombstone() returns trigger language plpgsql as $$
begin
  insert into tombstones (resource_type, id, deleted_time) values (tg_argv[0], old.id, sallyport_now())
    on conflict (resource_type, id) do update set deleted_time = excluded.deleted_time;
  return null;
end $$;

-- Refuses to change the columns named as arguments.
create function refuse_change_of() returns trigger language plpgsql as $$
declare
  col text;
begin
  foreach col in array tg_argv loop
    if to_jsonb(old) -> col is distinct from to_jsonb(new) -> col then
      raise exception '%.% is fixed after creation', tg_table_name, col using errcode = '23514', constraint = 'fixed_after_creation';
    end if;
  end loop;
  return new;
end $$;

create table deployment (
  only_row boolean primary key default true constraint deployment_is_one_row check (only_row),
  -- Stands in every SPIFFE name.
  id text not null,
  created_time timestamptz not null
);

create table scopes (
  id text primary key,
  type text not null constraint scope_type_is_known check (type in ('global', 'org', 'project')),
  -- Parent.
  scope_id text,
  parent_type text generated always as (case type when 'org' then 'global' when 'project' then 'org' end) stored,
  name resource_name,
  description resource_description,
  primary_auth_method_id text,
  created_time timestamptz not null,
  updated_time timestamptz not null,
  version integer not null default 1 constraint version_is_positive check (version > 0),
  unique (id, type),
  constraint scope_name_is_unique_in_its_parent unique (scope_id, name),
  constraint scope_parent_has_the_level_above foreign key (scope_id, parent_type) references scopes (id, type) on delete cascade,
  constraint only_global_has_no_parent check ((type = 'global') = (scope_id is null)),
  constraint scope_id_tells_its_type check (
    (type = 'global' and id = 'global') or (type = 'org' and id like 'o\_%') or (type = 'project' and id like 'p\_%')
  )
);
create index scopes_by_created_time on scopes (scope_id, created_time desc, id desc);
create index scopes_by_updated_time on scopes (scope_id, updated_time desc, id desc);
create trigger scope_fixed_columns before update on scopes
  for each row execute function refuse_change_of('id', 'type', 'scope_id', 'created_time');
create trigger scope_tombstone after delete on scopes for each row execute function record_tombstone('scope');

create function refuse_delete_of_global() returns trigger language plpgsql as $$
begin
  if old.id = 'global' then
    raise exception 'the global scope cannot be deleted' using errcode = '23514', constraint = 'global_scope_stays';
  end if;
  return old;
end $$;
create trigger global_scope_stays before delete on scopes for each row execute function refuse_delete_of_global();

insert into scopes (id, type, name, description, created_time, updated_time)
  values ('global', 'global', 'global', 'Global Scope', date_trunc('milliseconds', now()), date_trunc('milliseconds', now()));

-- Envelope encryption: the configured root key wraps each scope's root key, which wraps its data keys.
create table kms_root_keys (
  id text primary key,
  scope_id text not null unique references scopes (id) on delete cascade,
  created_time timestamptz not null
);
create table kms_root_key_versions (
  id text primary key,
  root_key_id text not null references kms_root_keys (id) on delete cascade,
  version integer not null constraint key_version_is_positive check (version > 0),
  -- Key of this scope, wrapped by the configured root key.
  wrapped_key bytea not null,
  -- Id of the configured key that wrapped it.
  wrapping_key_id text not null,
  created_time timestamptz not null,
  unique (root_key_id, version)
);
create table kms_data_keys (
  id text primary key,
  root_key_id text not null references kms_root_keys (id) on delete cascade,
  purpose text not null
    constraint key_purpose_is_known check (purpose in ('database', 'oplog', 'tokens', 'sessions', 'oidc', 'audit')),
  created_time timestamptz not null,
  unique (root_key_id, purpose)
);
create table kms_data_key_versions (
  id text primary key,
  data_key_id text not null references kms_data_keys (id) on delete cascade,
  root_key_version_id text not null references kms_root_key_versions (id) on delete cascade,
  version integer not null constraint key_version_is_positive check (version > 0),
  wrapped_key bytea not null,
  created_time timestamptz not null,
  unique (data_key_id, version)
);
