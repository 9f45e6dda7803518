-- What sessions lead to: hosts in catalogs and sets, and targets.

create table host_catalogs (
  id text primary key,
  scope_id text not null,
  scope_type text not null generated always as ('project') stored,
  type text not null constraint host_catalog_type_is_known check (type in ('static', 'plugin')),
  name resource_name,
  description resource_description,
  created_time timestamptz not null,
  updated_time timestamptz not null,
  version integer not null default 1 constraint version_is_positive check (version > 0),
  unique (id, scope_id),
  unique (id, type),
  constraint host_catalog_is_in_a_project foreign key (scope_id, scope_type) references scopes (id, type) on delete cascade,
  constraint host_catalog_name_is_unique_in_its_scope unique (scope_id, name)
);
create index host_catalogs_by_created_time on host_catalogs (scope_id, created_time desc, id desc);
create index host_catalogs_by_updated_time on host_catalogs (scope_id, updated_time desc, id desc);
create trigger host_catalog_fixed_columns before update on host_catalogs
  for each row execute function refuse_change_of('id', 'type', 'scope_id', 'created_time');
create trigger host_catalog_tombstone after delete on host_catalogs
  for each row execute function record_tombstone('host-catalog');

create table hosts (
  id text primary key,
  host_catalog_id text not null,
  scope_id text not null,
  type text not null,
  name resource_name,
  description resource_description,
  -- Without a port.
  address text not null constraint host_address_is_bounded check (address = btrim(address) and length(address) between 3 and 255),
  created_time timestamptz not null,
  updated_time timestamptz not null,
  version integer not null default 1 constraint version_is_positive check (version > 0),
  unique (id, host_catalog_id),
  foreign key (host_catalog_id, scope_id) references host_catalogs (id, scope_id) on delete cascade,
  foreign key (host_catalog_id, type) references host_catalogs (id, type) on delete cascade,
  constraint host_name_is_unique_in_its_catalog unique (host_catalog_id, name)
);
create index hosts_by_created_time on hosts (host_catalog_id, created_time desc, id desc);
create index hosts_by_updated_time on hosts (host_catalog_id, updated_time desc, id desc);
create trigger host_fixed_columns before update on hosts
  for each row execute function refuse_change_of('id', 'type', 'host_catalog_id', 'scope_id', 'created_time');
create trigger host_tombstone after delete on hosts for each row execute function record_tombstone('host');

create table host_sets (
  id text primary key,
  host_catalog_id text not null,
  scope_id text not null,
  type text not null,
  name resource_name,
  description resource_description,
  created_time timestamptz not null,
  updated_time timestamptz not null,
  version integer not null default 1 constraint version_is_positive check (version > 0),
  unique (id, host_catalog_id),
  unique (id, scope_id),
  foreign key (host_catalog_id, scope_id) references host_catalogs (id, scope_id) on delete cascade,
  foreign key (host_catalog_id, type) references host_catalogs (id, type) on delete cascade,
  constraint host_set_name_is_unique_in_its_catalog unique (host_catalog_id, name)
);
create index host_sets_by_created_time on host_sets (host_catalog_id, created_time desc, id desc);
create index host_sets_by_updated_time on host_sets (host_catalog_id, updated_time desc, id desc);
create trigger host_set_fixed_columns before update on host_sets
  for each row execute function refuse_change_of('id', 'type', 'host_catalog_id', 'scope_id', 'created_time');
create trigger host_set_tombstone after delete on host_sets for each row execute function record_tombstone('host-set');

-- A set and its hosts share a catalog.
create table host_set_members (
  host_set_id text not null,
  host_id text not null,
  host_catalog_id text not null,
  constraint host_is_in_a_set_once primary key (host_set_id, host_id),
  constraint host_set_member_set_is_of_the_catalog foreign key (host_set_id, host_catalog_id)
    references host_sets (id, host_catalog_id) on delete cascade,
  constraint host_set_member_host_is_of_the_catalog foreign key (host_id, host_catalog_id)
    references hosts (id, host_catalog_id) on delete cascade
);
create index host_set_members_by_host on host_set_members (host_id);

create table targets (
  id text primary key,
  scope_id text not null,
  scope_type text not null generated always as ('project') stored,
  type text not null constraint target_type_is_known check (type in ('tcp', 'ssh', 'rdp')),
  name resource_name not null,
  description resource_description,
  -- Direct endpoint, without a port; excludes host sources.
  address text constraint target_address_is_bounded check (address = btrim(address) and length(address) between 3 and 255),
  default_port integer not null constraint default_port_is_a_port check (default_port between 1 and 65535),
  default_client_port integer constraint default_client_port_is_a_port check (default_client_port between 1 and 65535),
  session_max_seconds integer not null default 28800
    constraint session_max_seconds_is_positive check (session_max_seconds > 0),
  session_connection_limit integer not null default -1
    constraint session_connection_limit_is_positive_or_none check (session_connection_limit = -1 or session_connection_limit > 0),
  session_concurrent_connection_limit integer not null default -1
    constraint session_concurrent_limit_is_positive_or_none
    check (session_concurrent_connection_limit = -1 or session_concurrent_connection_limit > 0),
  offline_grace_seconds integer constraint offline_grace_is_not_negative check (offline_grace_seconds >= 0),
  end_sessions_on_token_expiry boolean not null default false,
  worker_filter text,
  egress_worker_filter text,
  ingress_worker_filter text,
  created_time timestamptz not null,
  updated_time timestamptz not null,
  version integer not null default 1 constraint version_is_positive check (version > 0),
  unique (id, scope_id),
  constraint target_is_in_a_project foreign key (scope_id, scope_type) references scopes (id, type) on delete cascade,
  constraint target_name_is_unique_in_its_scope unique (scope_id, name),
  constraint old_worker_filter_stands_alone
    check (worker_filter is null or (egress_worker_filter is null and ingress_worker_filter is null))
);
create index targets_by_created_time on targets (scope_id, created_time desc, id desc);
create index targets_by_updated_time on targets (scope_id, updated_time desc, id desc);
create trigger target_fixed_columns before update on targets
  for each row execute function refuse_change_of('id', 'type', 'scope_id', 'created_time');
create trigger target_tombstone after delete on targets for each row execute function record_tombstone('target');

-- A target and its host sets share a project.
create table target_host_sets (
  target_id text not null,
  host_set_id text not null,
  scope_id text not null,
  constraint host_source_is_there_once primary key (target_id, host_set_id),
  constraint host_source_target_is_of_the_project foreign key (target_id, scope_id)
    references targets (id, scope_id) on delete cascade,
  constraint host_source_set_is_of_the_project foreign key (host_set_id, scope_id)
    references host_sets (id, scope_id) on delete cascade
);
create index target_host_sets_by_host_set on target_host_sets (host_set_id);

-- Address or host sources, never both. Writers of either lock the target's row, so the two checks cannot miss each other.
create function refuse_address_beside_host_sources() returns trigger language plpgsql as $$
begin
  if new.address is not null and exists (select from target_host_sets where target_id = new.id) then
    raise exception 'target % has host sources' , new.id using errcode = '23514', constraint = 'address_excludes_host_sources';
  end if;
  return new;
end $$;
create trigger address_excludes_host_sources before update of address on targets
  for each row execute function refuse_address_beside_host_sources();

create function refuse_host_source_beside_address() returns trigger language plpgsql as $$
begin
  if exists (select from targets where id = new.target_id and address is not null for update) then
    raise exception 'target % has an address', new.target_id using errcode = '23514', constraint = 'address_excludes_host_sources';
  end if;
  return new;
end $$;
create trigger host_source_excludes_address before insert on target_host_sets
  for each row execute function refuse_host_source_beside_address();
