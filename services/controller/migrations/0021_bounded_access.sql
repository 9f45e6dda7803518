-- What somebody may do has a version, so that controllers keep it and load it anew only when it has changed; and what one
-- scope can hold has limits.
--
-- The grants that a holder (a user, or everybody: u_auth, u_anon) has from the roles of a scope follow from the roles of that
-- scope and from the memberships of the holder. Each has a version of its own, which changes in the transaction of the change.
-- So nobody waits for writers of other scopes, and those who hold nothing in a scope do not notice what happens there.
-- Versions are random, not counted: a database that fell back to an earlier state never repeats one for another content.

create table scope_access_versions (
  scope_id text primary key references scopes (id) on delete cascade,
  version text not null
);
-- Of users whose memberships have ever changed.
create table user_access_versions (
  user_id text primary key references users (id) on delete cascade,
  version text not null
);

create function new_access_version() returns text language sql volatile as $$
  select left(replace(gen_random_uuid()::text, '-', ''), 16)
$$;

create function note_scope_access(scope_ids text[]) returns void language sql as $$
  insert into scope_access_versions (scope_id, version)
  select id, new_access_version() from scopes where id = any(scope_ids) order by id
  on conflict (scope_id) do update set version = excluded.version
$$;

create function note_user_access(user_ids text[]) returns void language sql as $$
  insert into user_access_versions (user_id, version)
  select id, new_access_version() from users where id = any(user_ids) order by id
  on conflict (user_id) do update set version = excluded.version
$$;

-- The scope of the role stands beside its principals, so that what somebody holds in one scope is found by an index.
alter table roles add constraint role_is_in_its_scope unique (id, scope_id);
alter table role_principals add column scope_id text;
update role_principals p set scope_id = r.scope_id from roles r where r.id = p.role_id;
alter table role_principals
  alter column scope_id set not null,
  drop constraint role_principals_role_id_fkey,
  add constraint role_principal_knows_the_scope_of_its_role foreign key (role_id, scope_id) references roles (id, scope_id)
    on delete cascade;
drop index role_principals_by_user;
drop index role_principals_by_group;
drop index role_principals_by_managed_group;
create index role_principals_by_user on role_principals (user_id, scope_id);
create index role_principals_by_group on role_principals (group_id, scope_id);
create index role_principals_by_managed_group on role_principals (managed_group_id, scope_id);

create function know_scope_of_role() returns trigger language plpgsql as $$
begin
  select scope_id into new.scope_id from roles where id = new.role_id;
  return new;
end $$;
create trigger role_principal_scope before insert on role_principals for each row execute function know_scope_of_role();

-- Every scope with roles has a version; one without roles has nothing to load.
insert into scope_access_versions (scope_id, version) select distinct scope_id, new_access_version() from roles;

create function note_access_of_scopes() returns trigger language plpgsql as $$
begin
  perform note_scope_access(array(select distinct scope_id from touched));
  return null;
end $$;
create trigger access_by_deleted_roles after delete on roles referencing old table as touched
  for each statement execute function note_access_of_scopes();
create trigger access_by_new_principals after insert on role_principals referencing new table as touched
  for each statement execute function note_access_of_scopes();
create trigger access_by_lost_principals after delete on role_principals referencing old table as touched
  for each statement execute function note_access_of_scopes();

-- Those of a deleted role are noted with the role.
create function note_access_of_roles() returns trigger language plpgsql as $$
begin
  perform note_scope_access(array(select distinct r.scope_id from touched t join roles r on r.id = t.role_id));
  return null;
end $$;
create trigger access_by_new_grants after insert on role_grants referencing new table as touched
  for each statement execute function note_access_of_roles();
create trigger access_by_changed_grants after update on role_grants referencing new table as touched
  for each statement execute function note_access_of_roles();
create trigger access_by_lost_grants after delete on role_grants referencing old table as touched
  for each statement execute function note_access_of_roles();
create trigger access_by_new_grant_scopes after insert on role_grant_scopes referencing new table as touched
  for each statement execute function note_access_of_roles();
create trigger access_by_changed_grant_scopes after update on role_grant_scopes referencing new table as touched
  for each statement execute function note_access_of_roles();
create trigger access_by_lost_grant_scopes after delete on role_grant_scopes referencing old table as touched
  for each statement execute function note_access_of_roles();

create function note_access_of_members() returns trigger language plpgsql as $$
begin
  perform note_user_access(array(select distinct user_id from touched where user_id is not null));
  return null;
end $$;
create trigger access_by_new_members after insert on group_members referencing new table as touched
  for each statement execute function note_access_of_members();
create trigger access_by_lost_members after delete on group_members referencing old table as touched
  for each statement execute function note_access_of_members();
-- A deleted account takes its memberships with it when it can no longer tell whose they were.
create trigger access_by_deleted_accounts after delete on accounts referencing old table as touched
  for each statement execute function note_access_of_members();

create function note_access_of_managed_members() returns trigger language plpgsql as $$
begin
  perform note_user_access(array(
    select distinct a.user_id from touched t join accounts a on a.id = t.account_id where a.user_id is not null
  ));
  return null;
end $$;
create trigger access_by_new_managed_members after insert on managed_group_members referencing new table as touched
  for each statement execute function note_access_of_managed_members();
create trigger access_by_lost_managed_members after delete on managed_group_members referencing old table as touched
  for each statement execute function note_access_of_managed_members();

create function note_access_of_account() returns trigger language plpgsql as $$
begin
  perform note_user_access(array_remove(array[old.user_id, new.user_id], null));
  return null;
end $$;
create trigger access_by_account after update of user_id on accounts for each row
  when (new.user_id is distinct from old.user_id) execute function note_access_of_account();

-- Roles with grants that the holder has in the scope: arrays of id, grant scopes and grants; null for none. A function, so
-- that it is planned once for a connection and not for every request.
create function held_roles(holder text, in_scope text) returns json language plpgsql stable as $$
begin
  return (
    select json_agg(json_build_array(
      held.role_id,
      array(select gs.grant_scope_id from role_grant_scopes gs where gs.role_id = held.role_id),
      array(select g.canonical from role_grants g where g.role_id = held.role_id order by g.position)
    ) order by held.role_id)
    from (
      select p.role_id from role_principals p where p.user_id = holder and p.scope_id = in_scope
      union
      select p.role_id from group_members m join role_principals p on p.group_id = m.group_id
      where m.user_id = holder and p.scope_id = in_scope
      union
      select p.role_id from accounts a join managed_group_members m on m.account_id = a.id
        join role_principals p on p.managed_group_id = m.managed_group_id
      where a.user_id = holder and p.scope_id = in_scope
    ) held
    where exists (select from role_grants g where g.role_id = held.role_id)
  );
end $$;

-- Limits on how much there is. The setting sallyport.limits of a transaction holds the limits of the controller by their keys;
-- without it nothing is limited. The check comes after the rows, under a lock of their holder, so that it sees what all
-- writers have committed. Only what adds is checked: what is above a lowered limit stays, and can be made smaller.
create function check_limit(key text, holder text, held text) returns void language plpgsql as $$
declare
  most bigint := nullif(current_setting('sallyport.limits', true), '')::jsonb ->> key;
  found bigint;
begin
  if most is null then
    return;
  end if;
  perform pg_advisory_xact_lock(hashtextextended(key || ' ' || holder, 0));
  execute held into found using holder, most;
  if found > most then
    raise exception 'limit % of % reached', key, most using errcode = '54000', constraint = key, detail = most::text;
  end if;
end $$;

-- Rows of the table with the same value in the column that is the second argument; the third is what to add up instead.
create function keep_limit() returns trigger language plpgsql as $$
declare
  counted text := case
    when tg_nargs = 2 then format('select count(*) from (select from %I where %I = $1 limit $2 + 1) n', tg_table_name, tg_argv[1])
    else format('select sum(%s) from %I where %I = $1', tg_argv[2], tg_table_name, tg_argv[1])
  end;
  holder text;
begin
  for holder in execute format('select distinct %I from added where %1$I is not null order by 1', tg_argv[1]) loop
    perform check_limit(tg_argv[0], holder, counted);
  end loop;
  return null;
end $$;

create function keep_limit_of_row() returns trigger language plpgsql as $$
begin
  perform check_limit(
    tg_argv[0],
    to_jsonb(new) ->> tg_argv[1],
    format('select count(*) from (select from %I where %I = $1 limit $2 + 1) n', tg_table_name, tg_argv[1])
  );
  return null;
end $$;

do $$
declare
  rule text[];
begin
  foreach rule slice 1 in array array[
    ['grants_per_role', 'role_grants', 'role_id'],
    ['grant_scopes_per_role', 'role_grant_scopes', 'role_id'],
    ['principals_per_role', 'role_principals', 'role_id'],
    ['roles_per_scope', 'roles', 'scope_id'],
    ['members_per_group', 'group_members', 'group_id'],
    ['groups_per_scope', 'groups', 'scope_id'],
    ['scopes_per_scope', 'scopes', 'scope_id'],
    ['users_per_scope', 'users', 'scope_id'],
    ['auth_methods_per_scope', 'auth_methods', 'scope_id'],
    ['accounts_per_auth_method', 'accounts', 'auth_method_id'],
    ['managed_groups_per_auth_method', 'managed_groups', 'auth_method_id'],
    ['auth_tokens_per_user', 'auth_tokens', 'user_id'],
    ['host_catalogs_per_scope', 'host_catalogs', 'scope_id'],
    ['hosts_per_catalog', 'hosts', 'host_catalog_id'],
    ['host_sets_per_catalog', 'host_sets', 'host_catalog_id'],
    ['hosts_per_host_set', 'host_set_members', 'host_set_id'],
    ['credential_stores_per_scope', 'credential_stores', 'scope_id'],
    ['credential_libraries_per_store', 'credential_libraries', 'credential_store_id'],
    ['credentials_per_store', 'credentials', 'credential_store_id'],
    ['targets_per_scope', 'targets', 'scope_id'],
    ['host_sources_per_target', 'target_host_sets', 'target_id'],
    ['credential_sources_per_target', 'target_credential_sources', 'target_id'],
    ['aliases_per_scope', 'aliases', 'scope_id'],
    ['aliases_per_target', 'aliases', 'destination_id'],
    ['workers', 'workers', 'scope_id']
  ] loop
    execute format(
      'create trigger limit_%s after insert on %I referencing new table as added
         for each statement execute function keep_limit(%1$L, %3$L)',
      rule[1], rule[2], rule[3]
    );
  end loop;
end $$;
create trigger limit_grant_characters_per_role after insert on role_grants referencing new table as added
  for each statement execute function keep_limit('grant_characters_per_role', 'role_id', 'length(canonical)');
create trigger limit_versions_of_root_key after insert on kms_root_key_versions referencing new table as added
  for each statement execute function keep_limit('versions_per_key', 'root_key_id');
create trigger limit_versions_of_data_key after insert on kms_data_key_versions referencing new table as added
  for each statement execute function keep_limit('versions_per_key', 'data_key_id');
create trigger limit_aliases_moved_to_target after update of destination_id on aliases for each row
  when (new.destination_id is not null and new.destination_id is distinct from old.destination_id)
  execute function keep_limit_of_row('aliases_per_target', 'destination_id');

-- Roles of the scope that everybody holds, logged in or not.
create function roles_of_everybody(in_scope text) returns setof text language sql stable as $$
  select p.role_id from role_principals p where p.scope_id = in_scope and p.user_id in ('u_auth', 'u_anon')
  union
  select p.role_id from group_members m join role_principals p on p.group_id = m.group_id
  where p.scope_id = in_scope and m.user_id in ('u_auth', 'u_anon')
  union
  select p.role_id from accounts a join managed_group_members m on m.account_id = a.id
    join role_principals p on p.managed_group_id = m.managed_group_id
  where p.scope_id = in_scope and a.user_id in ('u_auth', 'u_anon')
$$;

-- What requests of others load: the grants of all roles of a scope together, and those that everybody has.
create function check_grant_limits(scope_ids text[]) returns void language plpgsql as $$
declare
  place text;
  of_scope text := 'from role_grants g join roles r on r.id = g.role_id where r.scope_id = $1';
  of_everybody text := 'from role_grants where role_id in (select * from roles_of_everybody($1))';
begin
  for place in select distinct s from unnest(scope_ids) s order by 1 loop
    perform check_limit('grants_per_scope', place, 'select count(*) ' || of_scope);
    perform check_limit('grant_characters_per_scope', place, 'select sum(length(g.canonical)) ' || of_scope);
    perform check_limit('everybody_grants_per_scope', place, 'select count(*) ' || of_everybody);
    perform check_limit('everybody_grant_characters_per_scope', place, 'select sum(length(canonical)) ' || of_everybody);
  end loop;
end $$;

create function keep_grant_limits() returns trigger language plpgsql as $$
begin
  case tg_table_name
    when 'role_grants' then
      perform check_grant_limits(array(select r.scope_id from added a join roles r on r.id = a.role_id));
    when 'role_principals' then
      perform check_grant_limits(array(select scope_id from added));
    when 'group_members' then
      perform check_grant_limits(array(
        select p.scope_id from added a join role_principals p on p.group_id = a.group_id
        where a.user_id in ('u_auth', 'u_anon')
      ));
    when 'managed_group_members' then
      perform check_grant_limits(array(
        select p.scope_id from added m join accounts a on a.id = m.account_id
          join role_principals p on p.managed_group_id = m.managed_group_id
        where a.user_id in ('u_auth', 'u_anon')
      ));
  end case;
  return null;
end $$;
create trigger limit_grants_of_scope after insert on role_grants referencing new table as added
  for each statement execute function keep_grant_limits();
create trigger limit_grants_of_scope after insert on role_principals referencing new table as added
  for each statement execute function keep_grant_limits();
create trigger limit_grants_of_scope after insert on group_members referencing new table as added
  for each statement execute function keep_grant_limits();
create trigger limit_grants_of_scope after insert on managed_group_members referencing new table as added
  for each statement execute function keep_grant_limits();
