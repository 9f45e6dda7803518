-- Names that stand for targets.

create table aliases (
  id text primary key,
  scope_id text not null references scopes (id) constraint alias_scope_is_global check (scope_id = 'global'),
  type text not null constraint alias_type_is_known check (type in ('target')),
  name resource_name,
  description resource_description,
  -- Labels as in DNS; compared without regard to case.
  value text not null constraint alias_value_has_its_form check (
    length(value) between 1 and 253
    and value ~* '^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'
    and value !~ '(^|\.)[0-9]+$'
  ),
  destination_id text references targets (id) on delete set null,
  -- Host that sessions opened through the alias use. May outlive the host: such a session is refused.
  host_id text,
  created_time timestamptz not null,
  updated_time timestamptz not null,
  version integer not null default 1 constraint version_is_positive check (version > 0),
  constraint alias_name_is_unique_in_its_scope unique (scope_id, name),
  constraint alias_host_needs_a_destination check (host_id is null or destination_id is not null)
);
create unique index alias_value_is_unique on aliases (lower(value));
create index aliases_by_destination on aliases (destination_id);
create index aliases_by_created_time on aliases (scope_id, created_time desc, id desc);
create index aliases_by_updated_time on aliases (scope_id, updated_time desc, id desc);
create trigger alias_fixed_columns before update on aliases
  for each row execute function refuse_change_of('id', 'type', 'scope_id', 'created_time');
create trigger alias_tombstone after delete on aliases for each row execute function record_tombstone('alias');

-- The host goes with the destination. A target that is deleted changes no version, but lists must tell of the loss.
create function alias_loses_its_destination() returns trigger language plpgsql as $$
begin
  new.host_id := null;
  if new.version = old.version then
    new.updated_time := greatest(sallyport_now(), old.updated_time);
  end if;
  return new;
end $$;
create trigger alias_host_goes_with_its_destination before update of destination_id on aliases
  for each row when (old.destination_id is not null and new.destination_id is null)
  execute function alias_loses_its_destination();
