-- Made by scripts/dump-schema.sh; do not edit.
CREATE DOMAIN public.resource_description AS text
	CONSTRAINT description_is_bounded CHECK (((length(VALUE) >= 1) AND (length(VALUE) <= 131072)));
CREATE DOMAIN public.resource_name AS text
	CONSTRAINT name_is_trimmed_and_bounded CHECK (((VALUE = btrim(VALUE)) AND ((length(VALUE) >= 1) AND (length(VALUE) <= 512))));
CREATE FUNCTION public.advance_session() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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
CREATE FUNCTION public.alias_loses_its_destination() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  new.host_id := null;
  if new.version = old.version then
    new.updated_time := greatest(sallyport_now(), old.updated_time);
  end if;
  return new;
end $$;
CREATE FUNCTION public.cancel_sessions_by_address() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  update sessions set status = 'canceling', status_time = sallyport_now(), ended_by = 'policy'
    where target_id = new.id and by_address and status in ('pending', 'active');
  return null;
end $$;
CREATE FUNCTION public.check_grant_limits(scope_ids text[]) RETURNS void
    LANGUAGE plpgsql
    AS $_$
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
end $_$;
CREATE FUNCTION public.check_limit(key text, holder text, held text) RETURNS void
    LANGUAGE plpgsql
    AS $$
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
CREATE FUNCTION public.check_new_connection() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  if not exists (select from sessions where id = new.session_id and status = 'active' and open > 0) then
    raise exception 'session % takes no connection', new.session_id
      using errcode = '23514', constraint = 'connection_needs_an_active_session';
  end if;
  return null;
end $$;
CREATE FUNCTION public.check_new_session() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  if new.status <> 'pending' then
    raise exception 'a session starts pending' using errcode = '23514', constraint = 'session_starts_pending';
  end if;
  if num_nulls(new.scope_id, new.target_id, new.user_id, new.auth_token_id, new.key_id) > 0 then
    raise exception 'a session starts with all its parents' using errcode = '23514', constraint = 'session_starts_with_its_parents';
  end if;
  return new;
end $$;
CREATE FUNCTION public.count_months_of_token() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  insert into monthly_active_users (month, user_id)
    select months_between(old.created_time, least(old.expiration_time, sallyport_now())), old.user_id
    on conflict do nothing;
  return null;
end $$;
CREATE FUNCTION public.guard_connection() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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
CREATE FUNCTION public.held_roles(holder text, in_scope text) RETURNS json
    LANGUAGE plpgsql STABLE
    AS $$
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
CREATE FUNCTION public.is_text_list(list text[]) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    AS $$
  select array_position(list, null) is null and not ('' = any(list))
$$;
CREATE FUNCTION public.keep_grant_limits() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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
CREATE FUNCTION public.keep_limit() RETURNS trigger
    LANGUAGE plpgsql
    AS $_$
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
end $_$;
CREATE FUNCTION public.keep_limit_of_row() RETURNS trigger
    LANGUAGE plpgsql
    AS $_$
begin
  perform check_limit(
    tg_argv[0],
    to_jsonb(new) ->> tg_argv[1],
    case
      when tg_nargs = 2 then format('select count(*) from (select from %I where %I = $1 limit $2 + 1) n', tg_table_name, tg_argv[1])
      else format('select sum(%s) from %I where %I = $1', tg_argv[2], tg_table_name, tg_argv[1])
    end
  );
  return null;
end $_$;
CREATE FUNCTION public.know_scope_of_role() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  select scope_id into new.scope_id from roles where id = new.role_id;
  return new;
end $$;
CREATE FUNCTION public.months_between(first timestamp with time zone, last timestamp with time zone) RETURNS SETOF timestamp with time zone
    LANGUAGE sql IMMUTABLE
    AS $$
  select month at time zone 'UTC' from generate_series(
    date_trunc('month', first at time zone 'UTC'), last at time zone 'UTC', interval '1 month') month
$$;
CREATE FUNCTION public.new_access_version() RETURNS text
    LANGUAGE sql
    AS $$
  select left(replace(gen_random_uuid()::text, '-', ''), 16)
$$;
CREATE FUNCTION public.note_access_of_account() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  perform note_user_access(array_remove(array[old.user_id, new.user_id], null));
  return null;
end $$;
CREATE FUNCTION public.note_access_of_managed_members() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  perform note_user_access(array(
    select distinct a.user_id from touched t join accounts a on a.id = t.account_id where a.user_id is not null
  ));
  return null;
end $$;
CREATE FUNCTION public.note_access_of_members() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  perform note_user_access(array(select distinct user_id from touched where user_id is not null));
  return null;
end $$;
CREATE FUNCTION public.note_access_of_roles() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  perform note_scope_access(array(select distinct r.scope_id from touched t join roles r on r.id = t.role_id));
  return null;
end $$;
CREATE FUNCTION public.note_access_of_scopes() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  perform note_scope_access(array(select distinct scope_id from touched));
  return null;
end $$;
CREATE FUNCTION public.note_account_left_user() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  perform record_grant_change(array[old.user_id]);
  delete from auth_tokens where account_id = old.id and user_id = old.user_id;
  return null;
end $$;
CREATE FUNCTION public.note_deleted_accounts() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  perform record_grant_change(array(select distinct user_id from gone where user_id is not null));
  return null;
end $$;
CREATE FUNCTION public.note_lost_grants() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  perform record_grant_change(users_of_principals(
    array(select p.user_id from role_principals p where p.role_id in (select role_id from gone) and p.user_id is not null),
    array(select p.group_id from role_principals p where p.role_id in (select role_id from gone) and p.group_id is not null),
    array(
      select p.managed_group_id from role_principals p
      where p.role_id in (select role_id from gone) and p.managed_group_id is not null
    )
  ));
  return null;
end $$;
CREATE FUNCTION public.note_lost_managed_members() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  perform record_grant_change(array(
    select distinct a.user_id from gone join accounts a on a.id = gone.account_id where a.user_id is not null
  ));
  return null;
end $$;
CREATE FUNCTION public.note_lost_members() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  perform record_grant_change(array(select distinct user_id from gone));
  return null;
end $$;
CREATE FUNCTION public.note_lost_principals() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  perform record_grant_change(users_of_principals(
    array(select user_id from gone where user_id is not null),
    array(select group_id from gone where group_id is not null),
    array(select managed_group_id from gone where managed_group_id is not null)
  ));
  return null;
end $$;
CREATE FUNCTION public.note_scope_access(scope_ids text[]) RETURNS void
    LANGUAGE sql
    AS $$
  insert into scope_access_versions (scope_id, version)
  select id, new_access_version() from scopes where id = any(scope_ids) order by id
  on conflict (scope_id) do update set version = excluded.version
$$;
CREATE FUNCTION public.note_user_access(user_ids text[]) RETURNS void
    LANGUAGE sql
    AS $$
  insert into user_access_versions (user_id, version)
  select id, new_access_version() from users where id = any(user_ids) order by id
  on conflict (user_id) do update set version = excluded.version
$$;
CREATE FUNCTION public.notify_of_authority() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  perform pg_notify('sallyport_authority', '');
  return null;
end $$;
CREATE FUNCTION public.notify_of_deleted_worker() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  perform pg_notify('sallyport_workers', old.id);
  return null;
end $$;
CREATE FUNCTION public.notify_of_keys() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  perform pg_notify('sallyport_keys', '');
  return null;
end $$;
CREATE FUNCTION public.recompute_ldap_account() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  perform 1 from auth_methods where id = new.auth_method_id for no key update;
  delete from managed_group_members where account_id = new.id;
  insert into managed_group_members (managed_group_id, account_id, auth_method_id)
    select g.id, new.id, g.auth_method_id from managed_groups g
    where g.auth_method_id = new.auth_method_id and g.group_names && new.member_of_groups;
  return null;
end $$;
CREATE FUNCTION public.recompute_ldap_group() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  if new.type <> 'ldap' then
    return null;
  end if;
  perform 1 from auth_methods where id = new.auth_method_id for no key update;
  delete from managed_group_members where managed_group_id = new.id;
  insert into managed_group_members (managed_group_id, account_id, auth_method_id)
    select new.id, a.id, a.auth_method_id from ldap_accounts a
    where a.auth_method_id = new.auth_method_id and a.member_of_groups && new.group_names;
  return null;
end $$;
CREATE FUNCTION public.record_grant_change(users text[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  if cardinality(users) = 0 then
    return;
  end if;
  insert into grant_changes (user_ids) values (case when users && array['u_anon', 'u_auth'] then null else users end);
  perform pg_notify('sallyport_grants', '');
end $$;
CREATE FUNCTION public.record_session_state() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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
CREATE FUNCTION public.record_tombstone() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  insert into tombstones (resource_type, id, deleted_time) values (tg_argv[0], old.id, sallyport_now())
    on conflict (resource_type, id) do update set deleted_time = excluded.deleted_time;
  return null;
end $$;
CREATE FUNCTION public.refuse_address_beside_host_sources() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  if new.address is not null and exists (select from target_host_sets where target_id = new.id) then
    raise exception 'target % has host sources' , new.id using errcode = '23514', constraint = 'address_excludes_host_sources';
  end if;
  return new;
end $$;
CREATE FUNCTION public.refuse_change_of() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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
CREATE FUNCTION public.refuse_delete_of_builtin_user() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  if old.id in ('u_anon', 'u_auth', 'u_recovery') then
    raise exception 'built-in users cannot be deleted' using errcode = '23514', constraint = 'builtin_users_stay';
  end if;
  return old;
end $$;
CREATE FUNCTION public.refuse_delete_of_global() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  if old.id = 'global' then
    raise exception 'the global scope cannot be deleted' using errcode = '23514', constraint = 'global_scope_stays';
  end if;
  return old;
end $$;
CREATE FUNCTION public.refuse_host_source_beside_address() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  if exists (select from targets where id = new.target_id and address is not null for update) then
    raise exception 'target % has an address', new.target_id using errcode = '23514', constraint = 'address_excludes_host_sources';
  end if;
  return new;
end $$;
CREATE FUNCTION public.release_session_workers() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  update session_workers set live = false where session_id = new.id;
  return null;
end $$;
CREATE FUNCTION public.roles_of_everybody(in_scope text) RETURNS SETOF text
    LANGUAGE sql STABLE
    AS $$
  select p.role_id from role_principals p where p.scope_id = in_scope and p.user_id in ('u_auth', 'u_anon')
  union
  select p.role_id from group_members m join role_principals p on p.group_id = m.group_id
  where p.scope_id = in_scope and m.user_id in ('u_auth', 'u_anon')
  union
  select p.role_id from accounts a join managed_group_members m on m.account_id = a.id
    join role_principals p on p.managed_group_id = m.managed_group_id
  where p.scope_id = in_scope and a.user_id in ('u_auth', 'u_anon')
$$;
CREATE FUNCTION public.sallyport_now() RETURNS timestamp with time zone
    LANGUAGE plpgsql STABLE
    AS $$
begin
  return current_setting('sallyport.now')::timestamptz;
exception when undefined_object or invalid_datetime_format then
  raise exception 'this change must run in a transaction that sets sallyport.now';
end $$;
CREATE FUNCTION public.take_session_place(of_user text, max_user_pending integer, max_user_live integer, of_target text, max_target_pending integer, max_target_live integer, of_workers text[], other_workers integer, max_worker_live integer, OUT refused text, OUT target_pending integer, OUT target_live integer, OUT worker_live integer[], OUT full_workers text[]) RETURNS record
    LANGUAGE plpgsql
    AS $$
declare
  found integer;
begin
  full_workers := '{}';
  perform pg_advisory_xact_lock(hashtextextended('sallyport: sessions of ' || of_user, 0));
  select count(*) into found from (
    select from sessions where user_id = of_user and status = 'pending' limit max_user_pending) s;
  if found >= max_user_pending then
    refused := 'sessions_pending_per_user';
    return;
  end if;
  select count(*) into found from (
    select from sessions where user_id = of_user and status <> 'terminated' limit max_user_live) s;
  if found >= max_user_live then
    refused := 'sessions_live_per_user';
    return;
  end if;
  if of_target is not null then
    select count(*) into target_pending from (
      select from sessions where target_id = of_target and status = 'pending' limit max_target_pending) s;
    select count(*) into target_live from (
      select from sessions where target_id = of_target and status <> 'terminated' limit max_target_live) s;
    if target_pending >= max_target_pending then
      refused := 'sessions_pending_per_target';
      return;
    end if;
    if target_live >= max_target_live then
      refused := 'sessions_live_per_target';
      return;
    end if;
  end if;
  for i in 1 .. cardinality(of_workers) loop
    select count(*) into found from (
      select from session_workers w where w.worker_id = of_workers[i] and w.live limit max_worker_live) s;
    worker_live[i] := found;
    if found >= max_worker_live then
      full_workers := full_workers || of_workers[i];
    end if;
  end loop;
  if other_workers = 0 and cardinality(full_workers) = cardinality(of_workers) then
    refused := 'sessions_live_per_worker';
  end if;
end $$;
CREATE FUNCTION public.users_of_principals(users text[], of_groups text[], of_managed_groups text[]) RETURNS text[]
    LANGUAGE sql STABLE
    AS $$
  select array(
    select unnest(users)
    union
    select m.user_id from group_members m where m.group_id = any(of_groups)
    union
    select a.user_id from managed_group_members m join accounts a on a.id = m.account_id
    where m.managed_group_id = any(of_managed_groups) and a.user_id is not null
  )
$$;
CREATE TABLE public.accounts (
    id text NOT NULL,
    auth_method_id text NOT NULL,
    scope_id text NOT NULL,
    type text NOT NULL,
    user_id text,
    name public.resource_name,
    description public.resource_description,
    created_time timestamp with time zone NOT NULL,
    updated_time timestamp with time zone NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT built_in_users_have_no_accounts CHECK ((user_id <> ALL (ARRAY['u_anon'::text, 'u_auth'::text, 'u_recovery'::text]))),
    CONSTRAINT version_is_positive CHECK ((version > 0))
);
CREATE TABLE public.aliases (
    id text NOT NULL,
    scope_id text NOT NULL,
    type text NOT NULL,
    name public.resource_name,
    description public.resource_description,
    value text NOT NULL,
    destination_id text,
    host_id text,
    created_time timestamp with time zone NOT NULL,
    updated_time timestamp with time zone NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT alias_host_needs_a_destination CHECK (((host_id IS NULL) OR (destination_id IS NOT NULL))),
    CONSTRAINT alias_scope_is_global CHECK ((scope_id = 'global'::text)),
    CONSTRAINT alias_type_is_known CHECK ((type = 'target'::text)),
    CONSTRAINT alias_value_has_its_form CHECK ((((length(value) >= 1) AND (length(value) <= 253)) AND (value ~* '^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'::text) AND (value !~ '(^|\.)[0-9]+$'::text))),
    CONSTRAINT version_is_positive CHECK ((version > 0))
);
CREATE TABLE public.auth_methods (
    id text NOT NULL,
    scope_id text NOT NULL,
    type text NOT NULL,
    name public.resource_name,
    description public.resource_description,
    created_time timestamp with time zone NOT NULL,
    updated_time timestamp with time zone NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT auth_method_scope_is_global_or_org CHECK (((scope_id = 'global'::text) OR (scope_id ~~ 'o\_%'::text))),
    CONSTRAINT auth_method_type_is_known CHECK ((type = ANY (ARRAY['password'::text, 'oidc'::text, 'ldap'::text]))),
    CONSTRAINT version_is_positive CHECK ((version > 0))
);
CREATE TABLE public.auth_tokens (
    id text NOT NULL,
    scope_id text NOT NULL,
    user_id text NOT NULL,
    auth_method_id text NOT NULL,
    account_id text NOT NULL,
    token bytea NOT NULL,
    key_id text NOT NULL,
    created_time timestamp with time zone NOT NULL,
    updated_time timestamp with time zone NOT NULL,
    approximate_last_used_time timestamp with time zone NOT NULL,
    expiration_time timestamp with time zone NOT NULL,
    CONSTRAINT built_in_users_have_no_tokens CHECK ((user_id <> ALL (ARRAY['u_anon'::text, 'u_auth'::text, 'u_recovery'::text]))),
    CONSTRAINT token_expires_after_its_creation CHECK ((expiration_time > created_time))
);
CREATE TABLE public.ca_certificates (
    slot text NOT NULL,
    certificate bytea NOT NULL,
    private_key bytea NOT NULL,
    key_id text NOT NULL,
    created_time timestamp with time zone NOT NULL,
    CONSTRAINT ca_slot_is_known CHECK ((slot = ANY (ARRAY['current'::text, 'next'::text])))
);
CREATE TABLE public.controllers (
    id text NOT NULL,
    name text NOT NULL,
    started_time timestamp with time zone NOT NULL,
    lease_renewed_time timestamp with time zone NOT NULL,
    lease_expiration_time timestamp with time zone NOT NULL,
    CONSTRAINT lease_ends_after_its_renewal CHECK ((lease_expiration_time > lease_renewed_time))
);
CREATE TABLE public.credential_libraries (
    id text NOT NULL,
    credential_store_id text NOT NULL,
    store_type text GENERATED ALWAYS AS ('vault'::text) STORED NOT NULL,
    scope_id text NOT NULL,
    type text NOT NULL,
    name text,
    description text,
    credential_type text,
    credential_mapping_overrides jsonb DEFAULT '{}'::jsonb NOT NULL,
    attributes jsonb NOT NULL,
    http_request_body bytea,
    key_id text,
    created_time timestamp with time zone NOT NULL,
    updated_time timestamp with time zone NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT credential_library_description_is_bounded CHECK (((length(description) >= 1) AND (length(description) <= 1023))),
    CONSTRAINT credential_library_name_is_bounded CHECK (((name = btrim(name)) AND ((length(name) >= 1) AND (length(name) <= 127)))),
    CONSTRAINT credential_library_type_is_known CHECK ((type = ANY (ARRAY['vault-generic'::text, 'vault-ssh-certificate'::text, 'vault-ldap'::text]))),
    CONSTRAINT credential_type_is_known CHECK ((credential_type = ANY (ARRAY['username_password'::text, 'username_password_domain'::text, 'password'::text, 'ssh_private_key'::text, 'ssh_certificate'::text]))),
    CONSTRAINT request_body_has_a_key CHECK ((num_nulls(http_request_body, key_id) = ANY (ARRAY[0, 2]))),
    CONSTRAINT vault_path_is_there CHECK ((length((attributes ->> 'path'::text)) > 0)),
    CONSTRAINT version_is_positive CHECK ((version > 0))
);
CREATE TABLE public.credential_stores (
    id text NOT NULL,
    scope_id text NOT NULL,
    scope_type text GENERATED ALWAYS AS ('project'::text) STORED NOT NULL,
    type text NOT NULL,
    name text,
    description text,
    hmac_key bytea NOT NULL,
    key_id text NOT NULL,
    created_time timestamp with time zone NOT NULL,
    updated_time timestamp with time zone NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT credential_store_description_is_bounded CHECK (((length(description) >= 1) AND (length(description) <= 1023))),
    CONSTRAINT credential_store_name_is_bounded CHECK (((name = btrim(name)) AND ((length(name) >= 1) AND (length(name) <= 127)))),
    CONSTRAINT credential_store_type_is_known CHECK ((type = ANY (ARRAY['static'::text, 'vault'::text]))),
    CONSTRAINT version_is_positive CHECK ((version > 0))
);
CREATE TABLE public.credentials (
    id text NOT NULL,
    credential_store_id text NOT NULL,
    store_type text GENERATED ALWAYS AS ('static'::text) STORED NOT NULL,
    scope_id text NOT NULL,
    type text NOT NULL,
    name text,
    description text,
    username text,
    domain text,
    secret bytea NOT NULL,
    key_id text NOT NULL,
    password_hmac text,
    private_key_hmac text,
    private_key_passphrase_hmac text,
    object_hmac text,
    created_time timestamp with time zone NOT NULL,
    updated_time timestamp with time zone NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT credential_description_is_bounded CHECK (((length(description) >= 1) AND (length(description) <= 1023))),
    CONSTRAINT credential_has_the_fields_of_its_type CHECK ((((username IS NOT NULL) = (type = ANY (ARRAY['username_password'::text, 'username_password_domain'::text, 'ssh_private_key'::text]))) AND ((domain IS NOT NULL) = (type = 'username_password_domain'::text)) AND ((password_hmac IS NOT NULL) = (type = ANY (ARRAY['username_password'::text, 'username_password_domain'::text, 'password'::text]))) AND ((private_key_hmac IS NOT NULL) = (type = 'ssh_private_key'::text)) AND ((private_key_passphrase_hmac IS NULL) OR (type = 'ssh_private_key'::text)) AND ((object_hmac IS NOT NULL) = (type = 'json'::text)))),
    CONSTRAINT credential_name_is_bounded CHECK (((name = btrim(name)) AND ((length(name) >= 1) AND (length(name) <= 127)))),
    CONSTRAINT credential_type_is_known CHECK ((type = ANY (ARRAY['username_password'::text, 'username_password_domain'::text, 'password'::text, 'ssh_private_key'::text, 'json'::text]))),
    CONSTRAINT version_is_positive CHECK ((version > 0))
);
CREATE TABLE public.deployment (
    only_row boolean DEFAULT true NOT NULL,
    id text NOT NULL,
    created_time timestamp with time zone NOT NULL,
    CONSTRAINT deployment_is_one_row CHECK (only_row)
);
CREATE TABLE public.deployment_keys (
    purpose text NOT NULL,
    key bytea NOT NULL,
    key_id text NOT NULL,
    created_time timestamp with time zone NOT NULL,
    CONSTRAINT deployment_key_purpose_is_known CHECK ((purpose = ANY (ARRAY['tofu'::text, 'list tokens'::text])))
);
CREATE TABLE public.grant_changes (
    id bigint NOT NULL,
    user_ids text[],
    reviewed_time timestamp with time zone
);
ALTER TABLE public.grant_changes ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.grant_changes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.group_members (
    group_id text NOT NULL,
    user_id text NOT NULL,
    "position" bigint NOT NULL,
    CONSTRAINT recovery_user_is_in_no_group CHECK ((user_id <> 'u_recovery'::text))
);
ALTER TABLE public.group_members ALTER COLUMN "position" ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.group_members_position_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.groups (
    id text NOT NULL,
    scope_id text NOT NULL,
    name public.resource_name,
    description public.resource_description,
    created_time timestamp with time zone NOT NULL,
    updated_time timestamp with time zone NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT version_is_positive CHECK ((version > 0))
);
CREATE TABLE public.host_catalogs (
    id text NOT NULL,
    scope_id text NOT NULL,
    scope_type text GENERATED ALWAYS AS ('project'::text) STORED NOT NULL,
    type text NOT NULL,
    name public.resource_name,
    description public.resource_description,
    created_time timestamp with time zone NOT NULL,
    updated_time timestamp with time zone NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT host_catalog_type_is_known CHECK ((type = ANY (ARRAY['static'::text, 'plugin'::text]))),
    CONSTRAINT version_is_positive CHECK ((version > 0))
);
CREATE TABLE public.host_set_members (
    host_set_id text NOT NULL,
    host_id text NOT NULL,
    host_catalog_id text NOT NULL,
    "position" bigint NOT NULL
);
ALTER TABLE public.host_set_members ALTER COLUMN "position" ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.host_set_members_position_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.host_sets (
    id text NOT NULL,
    host_catalog_id text NOT NULL,
    scope_id text NOT NULL,
    type text NOT NULL,
    name public.resource_name,
    description public.resource_description,
    created_time timestamp with time zone NOT NULL,
    updated_time timestamp with time zone NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT version_is_positive CHECK ((version > 0))
);
CREATE TABLE public.hosts (
    id text NOT NULL,
    host_catalog_id text NOT NULL,
    scope_id text NOT NULL,
    type text NOT NULL,
    name public.resource_name,
    description public.resource_description,
    address text NOT NULL,
    created_time timestamp with time zone NOT NULL,
    updated_time timestamp with time zone NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT host_address_is_bounded CHECK (((address = btrim(address)) AND ((length(address) >= 3) AND (length(address) <= 255)))),
    CONSTRAINT version_is_positive CHECK ((version > 0))
);
CREATE TABLE public.kms_data_key_versions (
    id text NOT NULL,
    data_key_id text NOT NULL,
    root_key_version_id text NOT NULL,
    version integer NOT NULL,
    wrapped_key bytea NOT NULL,
    created_time timestamp with time zone NOT NULL,
    CONSTRAINT key_version_is_positive CHECK ((version > 0))
);
CREATE TABLE public.kms_data_keys (
    id text NOT NULL,
    root_key_id text NOT NULL,
    purpose text NOT NULL,
    created_time timestamp with time zone NOT NULL,
    CONSTRAINT key_purpose_is_known CHECK ((purpose = ANY (ARRAY['database'::text, 'oplog'::text, 'tokens'::text, 'sessions'::text, 'oidc'::text, 'audit'::text])))
);
CREATE TABLE public.kms_destruction_jobs (
    key_version_id text NOT NULL,
    scope_id text NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    created_time timestamp with time zone NOT NULL,
    total_count bigint NOT NULL,
    completed_count bigint DEFAULT 0 NOT NULL,
    CONSTRAINT completed_count_is_not_negative CHECK ((completed_count >= 0)),
    CONSTRAINT destruction_status_is_known CHECK ((status = ANY (ARRAY['pending'::text, 'running'::text]))),
    CONSTRAINT total_count_is_not_negative CHECK ((total_count >= 0))
);
CREATE TABLE public.kms_root_key_versions (
    id text NOT NULL,
    root_key_id text NOT NULL,
    version integer NOT NULL,
    wrapped_key bytea NOT NULL,
    wrapping_key_id text NOT NULL,
    created_time timestamp with time zone NOT NULL,
    CONSTRAINT key_version_is_positive CHECK ((version > 0))
);
CREATE TABLE public.kms_root_keys (
    id text NOT NULL,
    scope_id text NOT NULL,
    created_time timestamp with time zone NOT NULL
);
CREATE TABLE public.ldap_accounts (
    id text NOT NULL,
    auth_method_id text NOT NULL,
    type text DEFAULT 'ldap'::text NOT NULL,
    login_name text NOT NULL,
    full_name text,
    email text,
    dn text,
    member_of_groups text[] DEFAULT '{}'::text[] NOT NULL,
    CONSTRAINT email_is_bounded CHECK (((length(email) >= 1) AND (length(email) <= 319))),
    CONSTRAINT full_name_is_bounded CHECK (((length(full_name) >= 1) AND (length(full_name) <= 512))),
    CONSTRAINT ldap_login_name_is_lower_case CHECK (((login_name = lower(login_name)) AND ((length(login_name) >= 1) AND (length(login_name) <= 512)))),
    CONSTRAINT member_of_groups_are_texts CHECK (public.is_text_list(member_of_groups)),
    CONSTRAINT subtype_is_ldap CHECK ((type = 'ldap'::text))
);
CREATE TABLE public.ldap_auth_methods (
    id text NOT NULL,
    type text DEFAULT 'ldap'::text NOT NULL,
    state text DEFAULT 'inactive'::text NOT NULL,
    urls text[] NOT NULL,
    start_tls boolean DEFAULT false NOT NULL,
    insecure_tls boolean DEFAULT false NOT NULL,
    discover_dn boolean DEFAULT false NOT NULL,
    anon_group_search boolean DEFAULT false NOT NULL,
    enable_groups boolean DEFAULT false NOT NULL,
    use_token_groups boolean DEFAULT false NOT NULL,
    upn_domain text,
    user_dn text,
    user_attr text,
    user_filter text,
    group_dn text,
    group_attr text,
    group_filter text,
    certificates text[] DEFAULT '{}'::text[] NOT NULL,
    client_certificate text,
    client_certificate_key bytea,
    client_certificate_key_id text,
    client_certificate_key_hmac text,
    bind_dn text,
    bind_password bytea,
    bind_password_key_id text,
    bind_password_hmac text,
    account_attribute_maps text[] DEFAULT '{}'::text[] NOT NULL,
    maximum_page_size integer DEFAULT 0 NOT NULL,
    dereference_aliases text,
    bind_password_place jsonb,
    client_certificate_key_place jsonb,
    CONSTRAINT account_attribute_maps_are_texts CHECK (public.is_text_list(account_attribute_maps)),
    CONSTRAINT auth_method_state_is_known CHECK ((state = ANY (ARRAY['inactive'::text, 'active-private'::text, 'active-public'::text]))),
    CONSTRAINT bind_dn_has_its_password CHECK ((num_nonnulls(bind_dn, bind_password, bind_password_key_id, bind_password_hmac) = ANY (ARRAY[0, 4]))),
    CONSTRAINT certificates_are_texts CHECK (public.is_text_list(certificates)),
    CONSTRAINT client_certificate_has_its_key CHECK ((num_nonnulls(client_certificate, client_certificate_key, client_certificate_key_id, client_certificate_key_hmac) = ANY (ARRAY[0, 4]))),
    CONSTRAINT dereference_aliases_is_known CHECK ((dereference_aliases = ANY (ARRAY['NeverDerefAliases'::text, 'DerefInSearching'::text, 'DerefFindingBaseObj'::text, 'DerefAlways'::text]))),
    CONSTRAINT ldap_method_has_a_url CHECK ((public.is_text_list(urls) AND (cardinality(urls) > 0))),
    CONSTRAINT ldap_secrets_have_a_place CHECK ((((bind_password IS NULL) = (bind_password_place IS NULL)) AND ((client_certificate_key IS NULL) = (client_certificate_key_place IS NULL)))),
    CONSTRAINT maximum_page_size_is_not_negative CHECK ((maximum_page_size >= 0)),
    CONSTRAINT subtype_is_ldap CHECK ((type = 'ldap'::text))
);
CREATE TABLE public.login_networks (
    account_id text NOT NULL,
    network bytea NOT NULL,
    last_login_time timestamp with time zone NOT NULL,
    CONSTRAINT network_is_a_hash CHECK ((length(network) = 32))
);
CREATE TABLE public.managed_group_members (
    managed_group_id text NOT NULL,
    account_id text NOT NULL,
    auth_method_id text NOT NULL
);
CREATE TABLE public.managed_groups (
    id text NOT NULL,
    auth_method_id text NOT NULL,
    scope_id text NOT NULL,
    type text NOT NULL,
    name public.resource_name,
    description public.resource_description,
    filter text,
    group_names text[],
    created_time timestamp with time zone NOT NULL,
    updated_time timestamp with time zone NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT filter_is_bounded CHECK (((length(filter) >= 1) AND (length(filter) <= 65536))),
    CONSTRAINT group_names_are_texts CHECK ((public.is_text_list(group_names) AND (cardinality(group_names) > 0))),
    CONSTRAINT managed_group_has_the_rule_of_its_type CHECK ((((type = 'oidc'::text) = (filter IS NOT NULL)) AND ((type = 'ldap'::text) = (group_names IS NOT NULL)))),
    CONSTRAINT managed_group_type_is_known CHECK ((type = ANY (ARRAY['oidc'::text, 'ldap'::text]))),
    CONSTRAINT version_is_positive CHECK ((version > 0))
);
CREATE TABLE public.monthly_active_users (
    month timestamp with time zone NOT NULL,
    user_id text NOT NULL
);
CREATE TABLE public.oidc_accounts (
    id text NOT NULL,
    auth_method_id text NOT NULL,
    type text DEFAULT 'oidc'::text NOT NULL,
    issuer text NOT NULL,
    subject text NOT NULL,
    full_name text,
    email text,
    token_claims jsonb,
    userinfo_claims jsonb,
    CONSTRAINT email_is_bounded CHECK (((length(email) >= 1) AND (length(email) <= 319))),
    CONSTRAINT full_name_is_bounded CHECK (((length(full_name) >= 1) AND (length(full_name) <= 512))),
    CONSTRAINT issuer_is_a_url CHECK (((issuer ~ '^https?://'::text) AND (length(issuer) < 4000))),
    CONSTRAINT subject_is_bounded CHECK (((length(subject) >= 1) AND (length(subject) <= 255))),
    CONSTRAINT subtype_is_oidc CHECK ((type = 'oidc'::text))
);
CREATE TABLE public.oidc_auth_methods (
    id text NOT NULL,
    type text DEFAULT 'oidc'::text NOT NULL,
    state text DEFAULT 'inactive'::text NOT NULL,
    issuer text,
    client_id text NOT NULL,
    client_secret bytea NOT NULL,
    client_secret_key_id text NOT NULL,
    client_secret_hmac text NOT NULL,
    api_url_prefix text NOT NULL,
    max_age integer,
    signing_algorithms text[] DEFAULT '{}'::text[] NOT NULL,
    idp_ca_certs text[] DEFAULT '{}'::text[] NOT NULL,
    allowed_audiences text[] DEFAULT '{}'::text[] NOT NULL,
    claims_scopes text[] DEFAULT '{}'::text[] NOT NULL,
    account_claim_maps text[] DEFAULT '{}'::text[] NOT NULL,
    prompts text[] DEFAULT '{}'::text[] NOT NULL,
    disable_discovered_config_validation boolean DEFAULT false NOT NULL,
    client_secret_place jsonb NOT NULL,
    CONSTRAINT account_claim_maps_are_texts CHECK (public.is_text_list(account_claim_maps)),
    CONSTRAINT active_oidc_method_is_complete CHECK (((state = 'inactive'::text) OR ((issuer IS NOT NULL) AND (cardinality(signing_algorithms) > 0)))),
    CONSTRAINT allowed_audiences_are_texts CHECK (public.is_text_list(allowed_audiences)),
    CONSTRAINT api_url_prefix_is_a_url CHECK (((api_url_prefix ~ '^https?://'::text) AND (length(api_url_prefix) < 4000))),
    CONSTRAINT auth_method_state_is_known CHECK ((state = ANY (ARRAY['inactive'::text, 'active-private'::text, 'active-public'::text]))),
    CONSTRAINT claims_scopes_are_texts CHECK (public.is_text_list(claims_scopes)),
    CONSTRAINT client_id_is_bounded CHECK (((length(client_id) >= 1) AND (length(client_id) <= 1024))),
    CONSTRAINT idp_ca_certs_are_texts CHECK (public.is_text_list(idp_ca_certs)),
    CONSTRAINT issuer_is_a_url CHECK (((issuer ~ '^https?://'::text) AND (length(issuer) < 4000))),
    CONSTRAINT max_age_is_not_negative CHECK ((max_age >= 0)),
    CONSTRAINT prompts_are_texts CHECK (public.is_text_list(prompts)),
    CONSTRAINT signing_algorithms_are_texts CHECK (public.is_text_list(signing_algorithms)),
    CONSTRAINT subtype_is_oidc CHECK ((type = 'oidc'::text))
);
CREATE TABLE public.password_accounts (
    id text NOT NULL,
    auth_method_id text NOT NULL,
    type text DEFAULT 'password'::text NOT NULL,
    login_name text NOT NULL,
    password_hash text,
    CONSTRAINT login_name_is_lower_case CHECK ((login_name ~ '^[a-z0-9.-]+$'::text)),
    CONSTRAINT password_is_hashed CHECK ((password_hash ~~ '$argon2id$%'::text)),
    CONSTRAINT subtype_is_password CHECK ((type = 'password'::text))
);
CREATE TABLE public.password_auth_methods (
    id text NOT NULL,
    type text DEFAULT 'password'::text NOT NULL,
    min_login_name_length integer DEFAULT 3 NOT NULL,
    min_password_length integer DEFAULT 8 NOT NULL,
    CONSTRAINT min_login_name_length_is_positive CHECK ((min_login_name_length > 0)),
    CONSTRAINT min_password_length_is_positive CHECK ((min_password_length > 0)),
    CONSTRAINT subtype_is_password CHECK ((type = 'password'::text))
);
CREATE TABLE public.recovery_nonces (
    nonce bytea NOT NULL,
    expiration_time timestamp with time zone NOT NULL,
    CONSTRAINT recovery_nonce_is_32_bytes CHECK ((length(nonce) = 32))
);
CREATE TABLE public.role_grant_scopes (
    role_id text NOT NULL,
    special text,
    scope_id text,
    grant_scope_id text GENERATED ALWAYS AS (COALESCE(special, scope_id)) STORED NOT NULL,
    CONSTRAINT grant_scope_is_a_word_or_a_scope CHECK ((num_nonnulls(special, scope_id) = 1)),
    CONSTRAINT grant_scope_word_is_known CHECK ((special = ANY (ARRAY['this'::text, 'children'::text, 'descendants'::text])))
);
CREATE TABLE public.role_grants (
    role_id text NOT NULL,
    canonical text NOT NULL,
    raw text NOT NULL,
    "position" bigint,
    CONSTRAINT grant_is_bounded CHECK (((length(canonical) >= 1) AND (length(canonical) <= 16384))),
    CONSTRAINT raw_grant_is_bounded CHECK (((length(raw) >= 1) AND (length(raw) <= 16384)))
);
CREATE TABLE public.role_principals (
    role_id text NOT NULL,
    user_id text,
    group_id text,
    managed_group_id text,
    principal_id text GENERATED ALWAYS AS (COALESCE(user_id, group_id, managed_group_id)) STORED NOT NULL,
    "position" bigint NOT NULL,
    scope_id text NOT NULL,
    CONSTRAINT recovery_user_has_no_role CHECK ((user_id <> 'u_recovery'::text)),
    CONSTRAINT role_principal_is_one_thing CHECK ((num_nonnulls(user_id, group_id, managed_group_id) = 1))
);
ALTER TABLE public.role_principals ALTER COLUMN "position" ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.role_principals_position_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.roles (
    id text NOT NULL,
    scope_id text NOT NULL,
    name public.resource_name,
    description public.resource_description,
    created_time timestamp with time zone NOT NULL,
    updated_time timestamp with time zone NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT version_is_positive CHECK ((version > 0))
);
CREATE TABLE public.scope_access_versions (
    scope_id text NOT NULL,
    version text NOT NULL
);
CREATE TABLE public.scopes (
    id text NOT NULL,
    type text NOT NULL,
    scope_id text,
    parent_type text GENERATED ALWAYS AS (
CASE type
    WHEN 'org'::text THEN 'global'::text
    WHEN 'project'::text THEN 'org'::text
    ELSE NULL::text
END) STORED,
    name public.resource_name,
    description public.resource_description,
    primary_auth_method_id text,
    created_time timestamp with time zone NOT NULL,
    updated_time timestamp with time zone NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT only_global_has_no_parent CHECK (((type = 'global'::text) = (scope_id IS NULL))),
    CONSTRAINT scope_id_tells_its_type CHECK ((((type = 'global'::text) AND (id = 'global'::text)) OR ((type = 'org'::text) AND (id ~~ 'o\_%'::text)) OR ((type = 'project'::text) AND (id ~~ 'p\_%'::text)))),
    CONSTRAINT scope_type_is_known CHECK ((type = ANY (ARRAY['global'::text, 'org'::text, 'project'::text]))),
    CONSTRAINT version_is_positive CHECK ((version > 0))
);
CREATE TABLE public.session_connections (
    id text NOT NULL,
    session_id text NOT NULL,
    worker_id text,
    boot_id text NOT NULL,
    client_address text NOT NULL,
    client_port integer NOT NULL,
    endpoint_address text,
    endpoint_port integer,
    bytes_up bigint DEFAULT 0 NOT NULL,
    bytes_down bigint DEFAULT 0 NOT NULL,
    bytes_final boolean DEFAULT false NOT NULL,
    unreachable_since timestamp with time zone,
    created_time timestamp with time zone NOT NULL,
    closed_time timestamp with time zone,
    closed_reason text,
    closed_by text,
    cause text,
    error text,
    connect_latency_us integer,
    first_byte_latency_us integer,
    amended boolean DEFAULT false NOT NULL,
    CONSTRAINT bytes_down_is_not_negative CHECK ((bytes_down >= 0)),
    CONSTRAINT bytes_up_is_not_negative CHECK ((bytes_up >= 0)),
    CONSTRAINT cause_is_known CHECK ((cause = ANY (ARRAY['fin'::text, 'rst'::text, 'dial refused'::text, 'dial timeout'::text, 'dial unreachable'::text, 'name not found'::text, 'idle timeout'::text, 'expired'::text, 'canceled'::text, 'worker drain'::text, 'worker lost'::text, 'client lost'::text, 'endpoint lost'::text, 'protocol error'::text, 'controller unreachable'::text]))),
    CONSTRAINT client_port_is_a_port CHECK (((client_port >= 0) AND (client_port <= 65535))),
    CONSTRAINT closed_by_is_known CHECK ((closed_by = ANY (ARRAY['client'::text, 'endpoint'::text, 'worker'::text, 'controller'::text, 'admin'::text, 'policy'::text]))),
    CONSTRAINT closed_connection_says_who_and_why CHECK ((num_nonnulls(closed_time, closed_reason, closed_by, cause) = ANY (ARRAY[0, 4]))),
    CONSTRAINT closed_reason_is_known CHECK ((closed_reason = ANY (ARRAY['timed out'::text, 'closed by end-user'::text, 'closed by endpoint'::text, 'canceled'::text, 'network error'::text, 'system error'::text]))),
    CONSTRAINT connect_latency_is_not_negative CHECK ((connect_latency_us >= 0)),
    CONSTRAINT connection_id_has_its_form CHECK ((id ~ '^sc_[0-9A-Za-z]{10}$'::text)),
    CONSTRAINT endpoint_port_is_a_port CHECK (((endpoint_port >= 0) AND (endpoint_port <= 65535))),
    CONSTRAINT first_byte_latency_is_not_negative CHECK ((first_byte_latency_us >= 0))
);
CREATE TABLE public.session_states (
    session_id text NOT NULL,
    status text NOT NULL,
    prior_status text,
    start_time timestamp with time zone NOT NULL,
    end_time timestamp with time zone,
    CONSTRAINT session_state_follows_a_legal_one CHECK ((((prior_status IS NULL) AND (status = 'pending'::text)) OR ((prior_status IS NOT NULL) AND (((((((prior_status = 'pending'::text) AND (status = 'active'::text)) OR ((prior_status = 'pending'::text) AND (status = 'canceling'::text))) OR ((prior_status = 'pending'::text) AND (status = 'terminated'::text))) OR ((prior_status = 'active'::text) AND (status = 'canceling'::text))) OR ((prior_status = 'active'::text) AND (status = 'terminated'::text))) OR ((prior_status = 'canceling'::text) AND (status = 'terminated'::text)))))),
    CONSTRAINT session_state_range_is_not_empty CHECK ((end_time > start_time))
);
CREATE TABLE public.session_workers (
    session_id text NOT NULL,
    worker_id text NOT NULL,
    preference integer NOT NULL,
    live boolean DEFAULT true NOT NULL
);
CREATE TABLE public.sessions (
    id text NOT NULL,
    scope_id text,
    target_id text,
    user_id text,
    auth_token_id text,
    host_id text,
    host_set_id text,
    by_address boolean NOT NULL,
    type text NOT NULL,
    endpoint text NOT NULL,
    certificate bytea NOT NULL,
    private_key bytea NOT NULL,
    key_id text,
    tofu_hmac bytea,
    connection_limit integer NOT NULL,
    concurrent_connection_limit integer NOT NULL,
    made integer DEFAULT 0 NOT NULL,
    open integer DEFAULT 0 NOT NULL,
    offline_grace_seconds integer,
    end_on_token_expiry boolean NOT NULL,
    egress_worker_filter text,
    correlation_id text NOT NULL,
    expiration_time timestamp with time zone NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    status_time timestamp with time zone NOT NULL,
    termination_reason text,
    canceled_by text,
    ended_by text,
    created_time timestamp with time zone NOT NULL,
    updated_time timestamp with time zone NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    access_revoked boolean DEFAULT false NOT NULL,
    CONSTRAINT active_session_has_a_client CHECK (((status <> 'active'::text) OR (tofu_hmac IS NOT NULL))),
    CONSTRAINT concurrent_connection_limit_is_kept CHECK (((concurrent_connection_limit = '-1'::integer) OR (open <= concurrent_connection_limit))),
    CONSTRAINT concurrent_connection_limit_is_positive_or_none CHECK (((concurrent_connection_limit = '-1'::integer) OR (concurrent_connection_limit > 0))),
    CONSTRAINT connection_limit_is_kept CHECK (((connection_limit = '-1'::integer) OR (made <= connection_limit))),
    CONSTRAINT connection_limit_is_positive_or_none CHECK (((connection_limit = '-1'::integer) OR (connection_limit > 0))),
    CONSTRAINT made_is_not_negative CHECK ((made >= 0)),
    CONSTRAINT offline_grace_is_not_negative CHECK ((offline_grace_seconds >= 0)),
    CONSTRAINT open_connections_were_made CHECK ((open <= made)),
    CONSTRAINT open_is_not_negative CHECK ((open >= 0)),
    CONSTRAINT pending_session_has_no_client CHECK (((status <> 'pending'::text) OR ((made = 0) AND (tofu_hmac IS NULL)))),
    CONSTRAINT revoked_session_is_ended CHECK (((NOT access_revoked) OR (status = ANY (ARRAY['canceling'::text, 'terminated'::text])))),
    CONSTRAINT session_expires_after_its_creation CHECK ((expiration_time > created_time)),
    CONSTRAINT session_id_has_its_form CHECK ((id ~ '^s_[0-9A-Za-z]{10}$'::text)),
    CONSTRAINT session_is_ended_by_someone_known CHECK ((ended_by = ANY (ARRAY['admin'::text, 'client'::text, 'policy'::text, 'controller'::text]))),
    CONSTRAINT session_status_is_known CHECK ((status = ANY (ARRAY['pending'::text, 'active'::text, 'canceling'::text, 'terminated'::text]))),
    CONSTRAINT terminated_session_has_a_reason CHECK (((status = 'terminated'::text) = (termination_reason IS NOT NULL))),
    CONSTRAINT terminated_session_has_no_open_connection CHECK (((status <> 'terminated'::text) OR (open = 0))),
    CONSTRAINT termination_reason_is_known CHECK ((termination_reason = ANY (ARRAY['timed out'::text, 'canceled'::text, 'connection limit'::text, 'access revoked'::text]))),
    CONSTRAINT version_is_positive CHECK ((version > 0))
);
CREATE TABLE public.target_credential_sources (
    target_id text NOT NULL,
    scope_id text NOT NULL,
    purpose text NOT NULL,
    credential_id text,
    credential_library_id text,
    source_id text GENERATED ALWAYS AS (COALESCE(credential_id, credential_library_id)) STORED NOT NULL,
    "position" bigint NOT NULL,
    CONSTRAINT credential_purpose_is_known CHECK ((purpose = 'brokered'::text)),
    CONSTRAINT credential_source_is_one_thing CHECK ((num_nonnulls(credential_id, credential_library_id) = 1))
);
ALTER TABLE public.target_credential_sources ALTER COLUMN "position" ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.target_credential_sources_position_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.target_host_sets (
    target_id text NOT NULL,
    host_set_id text NOT NULL,
    scope_id text NOT NULL,
    "position" bigint NOT NULL
);
ALTER TABLE public.target_host_sets ALTER COLUMN "position" ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.target_host_sets_position_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.targets (
    id text NOT NULL,
    scope_id text NOT NULL,
    scope_type text GENERATED ALWAYS AS ('project'::text) STORED NOT NULL,
    type text NOT NULL,
    name public.resource_name NOT NULL,
    description public.resource_description,
    address text,
    default_port integer NOT NULL,
    default_client_port integer,
    session_max_seconds integer DEFAULT 28800 NOT NULL,
    session_connection_limit integer DEFAULT '-1'::integer NOT NULL,
    session_concurrent_connection_limit integer DEFAULT '-1'::integer NOT NULL,
    offline_grace_seconds integer,
    end_sessions_on_token_expiry boolean DEFAULT false NOT NULL,
    worker_filter text,
    egress_worker_filter text,
    ingress_worker_filter text,
    created_time timestamp with time zone NOT NULL,
    updated_time timestamp with time zone NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT default_client_port_is_a_port CHECK (((default_client_port >= 1) AND (default_client_port <= 65535))),
    CONSTRAINT default_port_is_a_port CHECK (((default_port >= 1) AND (default_port <= 65535))),
    CONSTRAINT offline_grace_is_not_negative CHECK ((offline_grace_seconds >= 0)),
    CONSTRAINT old_worker_filter_stands_alone CHECK (((worker_filter IS NULL) OR ((egress_worker_filter IS NULL) AND (ingress_worker_filter IS NULL)))),
    CONSTRAINT session_concurrent_limit_is_positive_or_none CHECK (((session_concurrent_connection_limit = '-1'::integer) OR (session_concurrent_connection_limit > 0))),
    CONSTRAINT session_connection_limit_is_positive_or_none CHECK (((session_connection_limit = '-1'::integer) OR (session_connection_limit > 0))),
    CONSTRAINT session_max_seconds_is_positive CHECK ((session_max_seconds > 0)),
    CONSTRAINT target_address_is_bounded CHECK (((address = btrim(address)) AND ((length(address) >= 3) AND (length(address) <= 255)))),
    CONSTRAINT target_type_is_known CHECK ((type = ANY (ARRAY['tcp'::text, 'ssh'::text, 'rdp'::text]))),
    CONSTRAINT version_is_positive CHECK ((version > 0))
);
CREATE TABLE public.tombstones (
    resource_type text NOT NULL,
    id text NOT NULL,
    deleted_time timestamp with time zone NOT NULL
);
CREATE TABLE public.user_access_versions (
    user_id text NOT NULL,
    version text NOT NULL
);
CREATE TABLE public.users (
    id text NOT NULL,
    scope_id text NOT NULL,
    name public.resource_name,
    description public.resource_description,
    created_time timestamp with time zone NOT NULL,
    updated_time timestamp with time zone NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT user_scope_is_global_or_org CHECK (((scope_id = 'global'::text) OR (scope_id ~~ 'o\_%'::text))),
    CONSTRAINT version_is_positive CHECK ((version > 0))
);
CREATE TABLE public.vault_credential_stores (
    id text NOT NULL,
    type text GENERATED ALWAYS AS ('vault'::text) STORED NOT NULL,
    address text NOT NULL,
    namespace text,
    ca_cert text,
    tls_server_name text,
    tls_skip_verify boolean DEFAULT false NOT NULL,
    worker_filter text,
    token bytea NOT NULL,
    token_hmac text NOT NULL,
    token_status text DEFAULT 'current'::text NOT NULL,
    client_certificate text,
    client_certificate_key bytea,
    client_certificate_key_hmac text,
    key_id text NOT NULL,
    token_place jsonb NOT NULL,
    client_certificate_key_place jsonb,
    CONSTRAINT client_certificate_comes_with_its_key CHECK ((num_nulls(client_certificate, client_certificate_key, client_certificate_key_hmac) = ANY (ARRAY[0, 3]))),
    CONSTRAINT vault_address_is_a_url CHECK (((address ~ '^https?:'::text) AND ((length(address) >= 4) AND (length(address) <= 3999)))),
    CONSTRAINT vault_client_key_has_a_place CHECK (((client_certificate_key IS NULL) = (client_certificate_key_place IS NULL))),
    CONSTRAINT vault_token_status_is_known CHECK ((token_status = ANY (ARRAY['current'::text, 'maintaining'::text, 'revoke'::text, 'revoked'::text, 'expired'::text])))
);
CREATE TABLE public.worker_activation_tokens (
    id text NOT NULL,
    worker_id text NOT NULL,
    creation_time bytea NOT NULL,
    key_id text NOT NULL
);
CREATE TABLE public.worker_attachments (
    worker_id text NOT NULL,
    controller_id text NOT NULL,
    attachment_id text NOT NULL,
    boot_id text NOT NULL,
    draining boolean DEFAULT false NOT NULL,
    attached_time timestamp with time zone NOT NULL
);
CREATE TABLE public.worker_registrations (
    id text NOT NULL,
    worker_id text NOT NULL,
    secret bytea NOT NULL,
    key_id text NOT NULL,
    created_time timestamp with time zone NOT NULL
);
CREATE TABLE public.workers (
    id text NOT NULL,
    scope_id text DEFAULT 'global'::text NOT NULL,
    type text DEFAULT 'pki'::text NOT NULL,
    name public.resource_name,
    description public.resource_description,
    config_managed boolean DEFAULT false NOT NULL,
    api_tags jsonb DEFAULT '{}'::jsonb NOT NULL,
    config_tags jsonb DEFAULT '{}'::jsonb NOT NULL,
    address text,
    release_version text,
    boot_id text,
    detached_time timestamp with time zone,
    created_time timestamp with time zone NOT NULL,
    updated_time timestamp with time zone NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    draining_boot_ids text[] DEFAULT '{}'::text[] NOT NULL,
    list_bytes integer GENERATED ALWAYS AS (((((300 + GREATEST(324, (COALESCE(octet_length(address), 0) + COALESCE(octet_length(release_version), 0)))) + COALESCE(octet_length((name)::text), 0)) + COALESCE(octet_length((description)::text), 0)) + (2 * (octet_length((api_tags)::text) + octet_length((config_tags)::text))))) STORED NOT NULL,
    CONSTRAINT api_tags_are_an_object CHECK ((jsonb_typeof(api_tags) = 'object'::text)),
    CONSTRAINT config_tags_are_an_object CHECK ((jsonb_typeof(config_tags) = 'object'::text)),
    CONSTRAINT version_is_positive CHECK ((version > 0)),
    CONSTRAINT worker_name_is_lower_case CHECK (((name)::text = lower((name)::text))),
    CONSTRAINT worker_scope_is_global CHECK ((scope_id = 'global'::text)),
    CONSTRAINT worker_type_is_known CHECK ((type = ANY (ARRAY['pki'::text, 'kms'::text])))
);
ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT account_name_is_unique_in_its_auth_method UNIQUE (auth_method_id, name);
ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT accounts_id_auth_method_id_key UNIQUE (id, auth_method_id);
ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT accounts_id_type_key UNIQUE (id, type);
ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT accounts_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.aliases
    ADD CONSTRAINT alias_name_is_unique_in_its_scope UNIQUE (scope_id, name);
ALTER TABLE ONLY public.aliases
    ADD CONSTRAINT aliases_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.auth_methods
    ADD CONSTRAINT auth_method_name_is_unique_in_its_scope UNIQUE (scope_id, name);
ALTER TABLE ONLY public.auth_methods
    ADD CONSTRAINT auth_methods_id_scope_id_key UNIQUE (id, scope_id);
ALTER TABLE ONLY public.auth_methods
    ADD CONSTRAINT auth_methods_id_type_key UNIQUE (id, type);
ALTER TABLE ONLY public.auth_methods
    ADD CONSTRAINT auth_methods_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.auth_tokens
    ADD CONSTRAINT auth_tokens_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ca_certificates
    ADD CONSTRAINT ca_certificates_pkey PRIMARY KEY (slot);
ALTER TABLE ONLY public.controllers
    ADD CONSTRAINT controllers_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.credential_libraries
    ADD CONSTRAINT credential_libraries_id_scope_id_key UNIQUE (id, scope_id);
ALTER TABLE ONLY public.credential_libraries
    ADD CONSTRAINT credential_libraries_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.credential_libraries
    ADD CONSTRAINT credential_library_name_is_unique_in_its_store UNIQUE (credential_store_id, type, name);
ALTER TABLE ONLY public.credentials
    ADD CONSTRAINT credential_name_is_unique_in_its_store UNIQUE (credential_store_id, type, name);
ALTER TABLE ONLY public.target_credential_sources
    ADD CONSTRAINT credential_source_is_there_once PRIMARY KEY (target_id, purpose, source_id);
ALTER TABLE ONLY public.credential_stores
    ADD CONSTRAINT credential_store_name_is_unique_in_its_scope UNIQUE (scope_id, type, name);
ALTER TABLE ONLY public.credential_stores
    ADD CONSTRAINT credential_stores_id_scope_id_key UNIQUE (id, scope_id);
ALTER TABLE ONLY public.credential_stores
    ADD CONSTRAINT credential_stores_id_type_key UNIQUE (id, type);
ALTER TABLE ONLY public.credential_stores
    ADD CONSTRAINT credential_stores_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.credentials
    ADD CONSTRAINT credentials_id_scope_id_key UNIQUE (id, scope_id);
ALTER TABLE ONLY public.credentials
    ADD CONSTRAINT credentials_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.deployment_keys
    ADD CONSTRAINT deployment_keys_pkey PRIMARY KEY (purpose);
ALTER TABLE ONLY public.deployment
    ADD CONSTRAINT deployment_pkey PRIMARY KEY (only_row);
ALTER TABLE ONLY public.grant_changes
    ADD CONSTRAINT grant_changes_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.group_members
    ADD CONSTRAINT group_member_is_there_once PRIMARY KEY (group_id, user_id);
ALTER TABLE ONLY public.groups
    ADD CONSTRAINT group_name_is_unique_in_its_scope UNIQUE (scope_id, name);
ALTER TABLE ONLY public.groups
    ADD CONSTRAINT groups_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.host_catalogs
    ADD CONSTRAINT host_catalog_name_is_unique_in_its_scope UNIQUE (scope_id, name);
ALTER TABLE ONLY public.host_catalogs
    ADD CONSTRAINT host_catalogs_id_scope_id_key UNIQUE (id, scope_id);
ALTER TABLE ONLY public.host_catalogs
    ADD CONSTRAINT host_catalogs_id_type_key UNIQUE (id, type);
ALTER TABLE ONLY public.host_catalogs
    ADD CONSTRAINT host_catalogs_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.host_set_members
    ADD CONSTRAINT host_is_in_a_set_once PRIMARY KEY (host_set_id, host_id);
ALTER TABLE ONLY public.hosts
    ADD CONSTRAINT host_name_is_unique_in_its_catalog UNIQUE (host_catalog_id, name);
ALTER TABLE ONLY public.host_sets
    ADD CONSTRAINT host_set_name_is_unique_in_its_catalog UNIQUE (host_catalog_id, name);
ALTER TABLE ONLY public.host_sets
    ADD CONSTRAINT host_sets_id_host_catalog_id_key UNIQUE (id, host_catalog_id);
ALTER TABLE ONLY public.host_sets
    ADD CONSTRAINT host_sets_id_scope_id_key UNIQUE (id, scope_id);
ALTER TABLE ONLY public.host_sets
    ADD CONSTRAINT host_sets_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.target_host_sets
    ADD CONSTRAINT host_source_is_there_once PRIMARY KEY (target_id, host_set_id);
ALTER TABLE ONLY public.hosts
    ADD CONSTRAINT hosts_id_host_catalog_id_key UNIQUE (id, host_catalog_id);
ALTER TABLE ONLY public.hosts
    ADD CONSTRAINT hosts_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.kms_data_key_versions
    ADD CONSTRAINT kms_data_key_versions_data_key_id_version_key UNIQUE (data_key_id, version);
ALTER TABLE ONLY public.kms_data_key_versions
    ADD CONSTRAINT kms_data_key_versions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.kms_data_keys
    ADD CONSTRAINT kms_data_keys_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.kms_data_keys
    ADD CONSTRAINT kms_data_keys_root_key_id_purpose_key UNIQUE (root_key_id, purpose);
ALTER TABLE ONLY public.kms_destruction_jobs
    ADD CONSTRAINT kms_destruction_jobs_pkey PRIMARY KEY (key_version_id);
ALTER TABLE ONLY public.kms_root_key_versions
    ADD CONSTRAINT kms_root_key_versions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.kms_root_key_versions
    ADD CONSTRAINT kms_root_key_versions_root_key_id_version_key UNIQUE (root_key_id, version);
ALTER TABLE ONLY public.kms_root_keys
    ADD CONSTRAINT kms_root_keys_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.kms_root_keys
    ADD CONSTRAINT kms_root_keys_scope_id_key UNIQUE (scope_id);
ALTER TABLE ONLY public.ldap_accounts
    ADD CONSTRAINT ldap_accounts_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ldap_auth_methods
    ADD CONSTRAINT ldap_auth_methods_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ldap_accounts
    ADD CONSTRAINT ldap_login_name_is_unique_in_its_auth_method UNIQUE (auth_method_id, login_name);
ALTER TABLE ONLY public.password_accounts
    ADD CONSTRAINT login_name_is_unique_in_its_auth_method UNIQUE (auth_method_id, login_name);
ALTER TABLE ONLY public.login_networks
    ADD CONSTRAINT login_networks_pkey PRIMARY KEY (account_id, network);
ALTER TABLE ONLY public.managed_group_members
    ADD CONSTRAINT managed_group_member_is_there_once PRIMARY KEY (managed_group_id, account_id);
ALTER TABLE ONLY public.managed_groups
    ADD CONSTRAINT managed_group_name_is_unique_in_its_auth_method UNIQUE (auth_method_id, name);
ALTER TABLE ONLY public.managed_groups
    ADD CONSTRAINT managed_groups_id_auth_method_id_key UNIQUE (id, auth_method_id);
ALTER TABLE ONLY public.managed_groups
    ADD CONSTRAINT managed_groups_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.oidc_accounts
    ADD CONSTRAINT oidc_accounts_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.oidc_auth_methods
    ADD CONSTRAINT oidc_auth_methods_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.password_accounts
    ADD CONSTRAINT password_accounts_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.password_auth_methods
    ADD CONSTRAINT password_auth_methods_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.recovery_nonces
    ADD CONSTRAINT recovery_nonces_pkey PRIMARY KEY (nonce);
ALTER TABLE ONLY public.role_grants
    ADD CONSTRAINT role_grant_is_there_once PRIMARY KEY (role_id, canonical);
ALTER TABLE ONLY public.role_grant_scopes
    ADD CONSTRAINT role_grant_scope_is_there_once PRIMARY KEY (role_id, grant_scope_id);
ALTER TABLE ONLY public.roles
    ADD CONSTRAINT role_is_in_its_scope UNIQUE (id, scope_id);
ALTER TABLE ONLY public.roles
    ADD CONSTRAINT role_name_is_unique_in_its_scope UNIQUE (scope_id, name);
ALTER TABLE ONLY public.role_principals
    ADD CONSTRAINT role_principal_is_there_once PRIMARY KEY (role_id, principal_id);
ALTER TABLE ONLY public.roles
    ADD CONSTRAINT roles_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.scope_access_versions
    ADD CONSTRAINT scope_access_versions_pkey PRIMARY KEY (scope_id);
ALTER TABLE ONLY public.scopes
    ADD CONSTRAINT scope_name_is_unique_in_its_parent UNIQUE (scope_id, name);
ALTER TABLE ONLY public.scopes
    ADD CONSTRAINT scopes_id_type_key UNIQUE (id, type);
ALTER TABLE ONLY public.scopes
    ADD CONSTRAINT scopes_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.session_connections
    ADD CONSTRAINT session_connections_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.session_states
    ADD CONSTRAINT session_enters_a_state_once PRIMARY KEY (session_id, status);
ALTER TABLE ONLY public.session_states
    ADD CONSTRAINT session_state_end_is_known_once UNIQUE (session_id, status, end_time);
ALTER TABLE ONLY public.session_states
    ADD CONSTRAINT session_state_has_one_successor UNIQUE (session_id, prior_status);
ALTER TABLE ONLY public.session_workers
    ADD CONSTRAINT session_workers_pkey PRIMARY KEY (session_id, worker_id);
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.oidc_accounts
    ADD CONSTRAINT subject_is_unique_for_its_issuer UNIQUE (auth_method_id, issuer, subject);
ALTER TABLE ONLY public.targets
    ADD CONSTRAINT target_name_is_unique_in_its_scope UNIQUE (scope_id, name);
ALTER TABLE ONLY public.targets
    ADD CONSTRAINT targets_id_scope_id_key UNIQUE (id, scope_id);
ALTER TABLE ONLY public.targets
    ADD CONSTRAINT targets_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.tombstones
    ADD CONSTRAINT tombstones_pkey PRIMARY KEY (resource_type, id);
ALTER TABLE ONLY public.user_access_versions
    ADD CONSTRAINT user_access_versions_pkey PRIMARY KEY (user_id);
ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT user_has_one_account_per_auth_method UNIQUE (user_id, auth_method_id);
ALTER TABLE ONLY public.monthly_active_users
    ADD CONSTRAINT user_is_active_once_a_month PRIMARY KEY (month, user_id);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT user_name_is_unique_in_its_scope UNIQUE (scope_id, name);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_id_scope_id_key UNIQUE (id, scope_id);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.vault_credential_stores
    ADD CONSTRAINT vault_credential_stores_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.worker_activation_tokens
    ADD CONSTRAINT worker_activation_tokens_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.worker_activation_tokens
    ADD CONSTRAINT worker_activation_tokens_worker_id_key UNIQUE (worker_id);
ALTER TABLE ONLY public.worker_attachments
    ADD CONSTRAINT worker_attachments_attachment_id_key UNIQUE (attachment_id);
ALTER TABLE ONLY public.worker_attachments
    ADD CONSTRAINT worker_attachments_pkey PRIMARY KEY (worker_id);
ALTER TABLE ONLY public.workers
    ADD CONSTRAINT worker_name_is_unique UNIQUE (name);
ALTER TABLE ONLY public.worker_registrations
    ADD CONSTRAINT worker_registrations_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.worker_registrations
    ADD CONSTRAINT worker_registrations_worker_id_key UNIQUE (worker_id);
ALTER TABLE ONLY public.workers
    ADD CONSTRAINT workers_pkey PRIMARY KEY (id);
CREATE INDEX accounts_by_created_time ON public.accounts USING btree (auth_method_id, created_time DESC, id DESC);
CREATE INDEX accounts_by_updated_time ON public.accounts USING btree (auth_method_id, updated_time DESC, id DESC);
CREATE UNIQUE INDEX alias_value_is_unique ON public.aliases USING btree (lower(value));
CREATE INDEX aliases_by_created_time ON public.aliases USING btree (scope_id, created_time DESC, id DESC);
CREATE INDEX aliases_by_destination ON public.aliases USING btree (destination_id);
CREATE INDEX aliases_by_updated_time ON public.aliases USING btree (scope_id, updated_time DESC, id DESC);
CREATE INDEX aliases_leading_by_created_time ON public.aliases USING btree (created_time DESC, id DESC) WHERE (destination_id IS NOT NULL);
CREATE INDEX aliases_leading_by_updated_time ON public.aliases USING btree (updated_time DESC, id DESC) WHERE (destination_id IS NOT NULL);
CREATE INDEX auth_methods_by_created_time ON public.auth_methods USING btree (scope_id, created_time DESC, id DESC);
CREATE INDEX auth_methods_by_updated_time ON public.auth_methods USING btree (scope_id, updated_time DESC, id DESC);
CREATE INDEX auth_methods_everywhere_by_created_time ON public.auth_methods USING btree (created_time DESC, id DESC);
CREATE INDEX auth_methods_everywhere_by_updated_time ON public.auth_methods USING btree (updated_time DESC, id DESC);
CREATE INDEX auth_tokens_by_account ON public.auth_tokens USING btree (account_id);
CREATE INDEX auth_tokens_by_auth_method ON public.auth_tokens USING btree (auth_method_id);
CREATE INDEX auth_tokens_by_created_time ON public.auth_tokens USING btree (scope_id, created_time DESC, id DESC);
CREATE INDEX auth_tokens_by_key ON public.auth_tokens USING btree (key_id);
CREATE INDEX auth_tokens_by_updated_time ON public.auth_tokens USING btree (scope_id, updated_time DESC, id DESC);
CREATE INDEX auth_tokens_by_user ON public.auth_tokens USING btree (user_id, created_time DESC, id DESC);
CREATE INDEX auth_tokens_by_user_and_updated_time ON public.auth_tokens USING btree (user_id, updated_time DESC, id DESC);
CREATE INDEX auth_tokens_everywhere_by_created_time ON public.auth_tokens USING btree (created_time DESC, id DESC);
CREATE INDEX auth_tokens_everywhere_by_updated_time ON public.auth_tokens USING btree (updated_time DESC, id DESC);
CREATE INDEX credential_libraries_by_created_time ON public.credential_libraries USING btree (credential_store_id, created_time DESC, id DESC);
CREATE INDEX credential_libraries_by_key ON public.credential_libraries USING btree (key_id) WHERE (key_id IS NOT NULL);
CREATE INDEX credential_libraries_by_updated_time ON public.credential_libraries USING btree (credential_store_id, updated_time DESC, id DESC);
CREATE INDEX credential_stores_by_created_time ON public.credential_stores USING btree (scope_id, created_time DESC, id DESC);
CREATE INDEX credential_stores_by_key ON public.credential_stores USING btree (key_id);
CREATE INDEX credential_stores_by_updated_time ON public.credential_stores USING btree (scope_id, updated_time DESC, id DESC);
CREATE INDEX credential_stores_everywhere_by_created_time ON public.credential_stores USING btree (created_time DESC, id DESC);
CREATE INDEX credential_stores_everywhere_by_updated_time ON public.credential_stores USING btree (updated_time DESC, id DESC);
CREATE INDEX credentials_by_created_time ON public.credentials USING btree (credential_store_id, created_time DESC, id DESC);
CREATE INDEX credentials_by_key ON public.credentials USING btree (key_id);
CREATE INDEX credentials_by_updated_time ON public.credentials USING btree (credential_store_id, updated_time DESC, id DESC);
CREATE INDEX grant_changes_not_reviewed ON public.grant_changes USING btree (id) WHERE (reviewed_time IS NULL);
CREATE INDEX group_members_by_user ON public.group_members USING btree (user_id);
CREATE INDEX groups_by_created_time ON public.groups USING btree (scope_id, created_time DESC, id DESC);
CREATE INDEX groups_by_updated_time ON public.groups USING btree (scope_id, updated_time DESC, id DESC);
CREATE INDEX groups_everywhere_by_created_time ON public.groups USING btree (created_time DESC, id DESC);
CREATE INDEX groups_everywhere_by_updated_time ON public.groups USING btree (updated_time DESC, id DESC);
CREATE INDEX host_catalogs_by_created_time ON public.host_catalogs USING btree (scope_id, created_time DESC, id DESC);
CREATE INDEX host_catalogs_by_updated_time ON public.host_catalogs USING btree (scope_id, updated_time DESC, id DESC);
CREATE INDEX host_catalogs_everywhere_by_created_time ON public.host_catalogs USING btree (created_time DESC, id DESC);
CREATE INDEX host_catalogs_everywhere_by_updated_time ON public.host_catalogs USING btree (updated_time DESC, id DESC);
CREATE INDEX host_set_members_by_host ON public.host_set_members USING btree (host_id);
CREATE INDEX host_sets_by_created_time ON public.host_sets USING btree (host_catalog_id, created_time DESC, id DESC);
CREATE INDEX host_sets_by_updated_time ON public.host_sets USING btree (host_catalog_id, updated_time DESC, id DESC);
CREATE INDEX hosts_by_created_time ON public.hosts USING btree (host_catalog_id, created_time DESC, id DESC);
CREATE INDEX hosts_by_updated_time ON public.hosts USING btree (host_catalog_id, updated_time DESC, id DESC);
CREATE INDEX kms_data_key_versions_by_root ON public.kms_data_key_versions USING btree (root_key_version_id);
CREATE INDEX kms_destruction_jobs_by_scope ON public.kms_destruction_jobs USING btree (scope_id, created_time DESC);
CREATE INDEX kms_destruction_jobs_to_do ON public.kms_destruction_jobs USING btree (created_time);
CREATE INDEX login_networks_by_last_login ON public.login_networks USING btree (last_login_time);
CREATE INDEX managed_group_members_by_account ON public.managed_group_members USING btree (account_id);
CREATE INDEX managed_groups_by_created_time ON public.managed_groups USING btree (auth_method_id, created_time DESC, id DESC);
CREATE INDEX managed_groups_by_updated_time ON public.managed_groups USING btree (auth_method_id, updated_time DESC, id DESC);
CREATE INDEX recovery_nonces_by_expiration ON public.recovery_nonces USING btree (expiration_time);
CREATE INDEX role_grant_scopes_by_scope ON public.role_grant_scopes USING btree (scope_id) WHERE (scope_id IS NOT NULL);
CREATE INDEX role_principals_by_group ON public.role_principals USING btree (group_id, scope_id);
CREATE INDEX role_principals_by_managed_group ON public.role_principals USING btree (managed_group_id, scope_id);
CREATE INDEX role_principals_by_user ON public.role_principals USING btree (user_id, scope_id);
CREATE UNIQUE INDEX role_reaches_children_or_descendants ON public.role_grant_scopes USING btree (role_id) WHERE (special = ANY (ARRAY['children'::text, 'descendants'::text]));
CREATE INDEX roles_by_created_time ON public.roles USING btree (scope_id, created_time DESC, id DESC);
CREATE INDEX roles_by_updated_time ON public.roles USING btree (scope_id, updated_time DESC, id DESC);
CREATE INDEX roles_everywhere_by_created_time ON public.roles USING btree (created_time DESC, id DESC);
CREATE INDEX roles_everywhere_by_updated_time ON public.roles USING btree (updated_time DESC, id DESC);
CREATE INDEX scopes_by_created_time ON public.scopes USING btree (scope_id, created_time DESC, id DESC);
CREATE INDEX scopes_by_updated_time ON public.scopes USING btree (scope_id, updated_time DESC, id DESC);
CREATE INDEX scopes_everywhere_by_created_time ON public.scopes USING btree (created_time DESC, id DESC) WHERE (scope_id IS NOT NULL);
CREATE INDEX scopes_everywhere_by_updated_time ON public.scopes USING btree (updated_time DESC, id DESC) WHERE (scope_id IS NOT NULL);
CREATE INDEX session_connections_by_session ON public.session_connections USING btree (session_id, created_time DESC, id DESC);
CREATE INDEX session_connections_open ON public.session_connections USING btree (worker_id, id) WHERE (closed_time IS NULL);
CREATE INDEX session_workers_by_worker ON public.session_workers USING btree (worker_id, live, session_id);
CREATE INDEX sessions_by_auth_token ON public.sessions USING btree (auth_token_id);
CREATE INDEX sessions_by_created_time ON public.sessions USING btree (scope_id, created_time DESC, id DESC);
CREATE INDEX sessions_by_host ON public.sessions USING btree (host_id);
CREATE INDEX sessions_by_host_set ON public.sessions USING btree (host_set_id);
CREATE INDEX sessions_by_key ON public.sessions USING btree (key_id);
CREATE INDEX sessions_by_target ON public.sessions USING btree (target_id);
CREATE INDEX sessions_by_updated_time ON public.sessions USING btree (scope_id, updated_time DESC, id DESC);
CREATE INDEX sessions_by_user ON public.sessions USING btree (user_id, created_time DESC, id DESC);
CREATE INDEX sessions_by_user_and_updated_time ON public.sessions USING btree (user_id, updated_time DESC, id DESC);
CREATE INDEX sessions_canceling ON public.sessions USING btree (status_time) WHERE (status = 'canceling'::text);
CREATE INDEX sessions_ending_with_their_token ON public.sessions USING btree (auth_token_id) WHERE (end_on_token_expiry AND (status = ANY (ARRAY['pending'::text, 'active'::text])));
CREATE INDEX sessions_everywhere_by_created_time ON public.sessions USING btree (created_time DESC, id DESC) WHERE (scope_id IS NOT NULL);
CREATE INDEX sessions_everywhere_by_updated_time ON public.sessions USING btree (updated_time DESC, id DESC) WHERE (scope_id IS NOT NULL);
CREATE INDEX sessions_live_by_created_time ON public.sessions USING btree (scope_id, created_time DESC, id DESC) WHERE (status <> 'terminated'::text);
CREATE INDEX sessions_live_by_target ON public.sessions USING btree (target_id) WHERE (status <> 'terminated'::text);
CREATE INDEX sessions_live_by_updated_time ON public.sessions USING btree (scope_id, updated_time DESC, id DESC) WHERE (status <> 'terminated'::text);
CREATE INDEX sessions_live_by_user ON public.sessions USING btree (user_id, created_time DESC, id DESC) WHERE (status <> 'terminated'::text);
CREATE INDEX sessions_live_by_user_and_updated_time ON public.sessions USING btree (user_id, updated_time DESC, id DESC) WHERE (status <> 'terminated'::text);
CREATE INDEX sessions_live_everywhere_by_created_time ON public.sessions USING btree (created_time DESC, id DESC) WHERE ((status <> 'terminated'::text) AND (scope_id IS NOT NULL));
CREATE INDEX sessions_live_everywhere_by_updated_time ON public.sessions USING btree (updated_time DESC, id DESC) WHERE ((status <> 'terminated'::text) AND (scope_id IS NOT NULL));
CREATE INDEX sessions_not_ended ON public.sessions USING btree (expiration_time) WHERE (status <> 'terminated'::text);
CREATE INDEX sessions_pending_by_target ON public.sessions USING btree (target_id) WHERE (status = 'pending'::text);
CREATE INDEX sessions_pending_by_user ON public.sessions USING btree (user_id) WHERE (status = 'pending'::text);
CREATE INDEX sessions_terminated ON public.sessions USING btree (status_time) WHERE (status = 'terminated'::text);
CREATE INDEX target_credential_sources_by_credential ON public.target_credential_sources USING btree (credential_id);
CREATE INDEX target_credential_sources_by_library ON public.target_credential_sources USING btree (credential_library_id);
CREATE INDEX target_host_sets_by_host_set ON public.target_host_sets USING btree (host_set_id);
CREATE INDEX targets_by_created_time ON public.targets USING btree (scope_id, created_time DESC, id DESC);
CREATE INDEX targets_by_updated_time ON public.targets USING btree (scope_id, updated_time DESC, id DESC);
CREATE INDEX targets_everywhere_by_created_time ON public.targets USING btree (created_time DESC, id DESC);
CREATE INDEX targets_everywhere_by_updated_time ON public.targets USING btree (updated_time DESC, id DESC);
CREATE INDEX tombstones_by_time ON public.tombstones USING btree (resource_type, deleted_time, id);
CREATE INDEX users_by_created_time ON public.users USING btree (scope_id, created_time DESC, id DESC);
CREATE INDEX users_by_updated_time ON public.users USING btree (scope_id, updated_time DESC, id DESC);
CREATE INDEX users_everywhere_by_created_time ON public.users USING btree (created_time DESC, id DESC);
CREATE INDEX users_everywhere_by_updated_time ON public.users USING btree (updated_time DESC, id DESC);
CREATE INDEX vault_credential_stores_by_key ON public.vault_credential_stores USING btree (key_id);
CREATE INDEX worker_activation_tokens_by_key ON public.worker_activation_tokens USING btree (key_id);
CREATE INDEX worker_attachments_by_controller ON public.worker_attachments USING btree (controller_id);
CREATE INDEX worker_registrations_by_key ON public.worker_registrations USING btree (key_id);
CREATE TRIGGER access_by_account AFTER UPDATE OF user_id ON public.accounts FOR EACH ROW WHEN ((new.user_id IS DISTINCT FROM old.user_id)) EXECUTE FUNCTION public.note_access_of_account();
CREATE TRIGGER access_by_changed_grant_scopes AFTER UPDATE ON public.role_grant_scopes REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_access_of_roles();
CREATE TRIGGER access_by_changed_grants AFTER UPDATE ON public.role_grants REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_access_of_roles();
CREATE TRIGGER access_by_deleted_accounts AFTER DELETE ON public.accounts REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_access_of_members();
CREATE TRIGGER access_by_deleted_roles AFTER DELETE ON public.roles REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_access_of_scopes();
CREATE TRIGGER access_by_lost_grant_scopes AFTER DELETE ON public.role_grant_scopes REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_access_of_roles();
CREATE TRIGGER access_by_lost_grants AFTER DELETE ON public.role_grants REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_access_of_roles();
CREATE TRIGGER access_by_lost_managed_members AFTER DELETE ON public.managed_group_members REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_access_of_managed_members();
CREATE TRIGGER access_by_lost_members AFTER DELETE ON public.group_members REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_access_of_members();
CREATE TRIGGER access_by_lost_principals AFTER DELETE ON public.role_principals REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_access_of_scopes();
CREATE TRIGGER access_by_new_grant_scopes AFTER INSERT ON public.role_grant_scopes REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_access_of_roles();
CREATE TRIGGER access_by_new_grants AFTER INSERT ON public.role_grants REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_access_of_roles();
CREATE TRIGGER access_by_new_managed_members AFTER INSERT ON public.managed_group_members REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_access_of_managed_members();
CREATE TRIGGER access_by_new_members AFTER INSERT ON public.group_members REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_access_of_members();
CREATE TRIGGER access_by_new_principals AFTER INSERT ON public.role_principals REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION public.note_access_of_scopes();
CREATE TRIGGER account_fixed_columns BEFORE UPDATE ON public.accounts FOR EACH ROW EXECUTE FUNCTION public.refuse_change_of('id', 'type', 'auth_method_id', 'created_time');
CREATE TRIGGER account_left_user AFTER UPDATE OF user_id ON public.accounts FOR EACH ROW WHEN (((old.user_id IS NOT NULL) AND (new.user_id IS DISTINCT FROM old.user_id))) EXECUTE FUNCTION public.note_account_left_user();
CREATE TRIGGER account_tombstone AFTER DELETE ON public.accounts FOR EACH ROW EXECUTE FUNCTION public.record_tombstone('account');
CREATE TRIGGER address_excludes_host_sources BEFORE UPDATE OF address ON public.targets FOR EACH ROW EXECUTE FUNCTION public.refuse_address_beside_host_sources();
CREATE TRIGGER alias_fixed_columns BEFORE UPDATE ON public.aliases FOR EACH ROW EXECUTE FUNCTION public.refuse_change_of('id', 'type', 'scope_id', 'created_time');
CREATE TRIGGER alias_host_goes_with_its_destination BEFORE UPDATE OF destination_id ON public.aliases FOR EACH ROW WHEN (((old.destination_id IS NOT NULL) AND (new.destination_id IS NULL))) EXECUTE FUNCTION public.alias_loses_its_destination();
CREATE TRIGGER alias_tombstone AFTER DELETE ON public.aliases FOR EACH ROW EXECUTE FUNCTION public.record_tombstone('alias');
CREATE TRIGGER auth_method_fixed_columns BEFORE UPDATE ON public.auth_methods FOR EACH ROW EXECUTE FUNCTION public.refuse_change_of('id', 'type', 'scope_id', 'created_time');
CREATE TRIGGER auth_method_tombstone AFTER DELETE ON public.auth_methods FOR EACH ROW EXECUTE FUNCTION public.record_tombstone('auth-method');
CREATE TRIGGER auth_token_fixed_columns BEFORE UPDATE ON public.auth_tokens FOR EACH ROW EXECUTE FUNCTION public.refuse_change_of('id', 'scope_id', 'user_id', 'account_id', 'created_time', 'expiration_time');
CREATE TRIGGER auth_token_tombstone AFTER DELETE ON public.auth_tokens FOR EACH ROW EXECUTE FUNCTION public.record_tombstone('auth-token');
CREATE TRIGGER authority_changed AFTER INSERT OR DELETE OR UPDATE ON public.ca_certificates FOR EACH STATEMENT EXECUTE FUNCTION public.notify_of_authority();
CREATE TRIGGER builtin_users_stay BEFORE DELETE ON public.users FOR EACH ROW EXECUTE FUNCTION public.refuse_delete_of_builtin_user();
CREATE TRIGGER cleared_address_ends_sessions AFTER UPDATE OF address ON public.targets FOR EACH ROW WHEN (((old.address IS NOT NULL) AND (new.address IS NULL))) EXECUTE FUNCTION public.cancel_sessions_by_address();
CREATE TRIGGER connection_fixed_columns BEFORE UPDATE ON public.session_connections FOR EACH ROW WHEN (((((((old.id IS DISTINCT FROM new.id) OR (old.session_id IS DISTINCT FROM new.session_id)) OR (old.boot_id IS DISTINCT FROM new.boot_id)) OR (old.client_address IS DISTINCT FROM new.client_address)) OR (old.client_port IS DISTINCT FROM new.client_port)) OR (old.created_time IS DISTINCT FROM new.created_time))) EXECUTE FUNCTION public.refuse_change_of('id', 'session_id', 'boot_id', 'client_address', 'client_port', 'created_time');
CREATE TRIGGER connection_guard BEFORE UPDATE ON public.session_connections FOR EACH ROW EXECUTE FUNCTION public.guard_connection();
CREATE TRIGGER connection_needs_an_active_session AFTER INSERT ON public.session_connections FOR EACH ROW WHEN ((new.closed_time IS NULL)) EXECUTE FUNCTION public.check_new_connection();
CREATE TRIGGER credential_fixed_columns BEFORE UPDATE ON public.credentials FOR EACH ROW EXECUTE FUNCTION public.refuse_change_of('id', 'type', 'credential_store_id', 'scope_id', 'created_time');
CREATE TRIGGER credential_library_fixed_columns BEFORE UPDATE ON public.credential_libraries FOR EACH ROW EXECUTE FUNCTION public.refuse_change_of('id', 'type', 'credential_type', 'credential_store_id', 'scope_id', 'created_time');
CREATE TRIGGER credential_library_tombstone AFTER DELETE ON public.credential_libraries FOR EACH ROW EXECUTE FUNCTION public.record_tombstone('credential-library');
CREATE TRIGGER credential_store_fixed_columns BEFORE UPDATE ON public.credential_stores FOR EACH ROW EXECUTE FUNCTION public.refuse_change_of('id', 'type', 'scope_id', 'created_time');
CREATE TRIGGER credential_store_tombstone AFTER DELETE ON public.credential_stores FOR EACH ROW EXECUTE FUNCTION public.record_tombstone('credential-store');
CREATE TRIGGER credential_tombstone AFTER DELETE ON public.credentials FOR EACH ROW EXECUTE FUNCTION public.record_tombstone('credential');
CREATE TRIGGER deleted_accounts AFTER DELETE ON public.accounts REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION public.note_deleted_accounts();
CREATE TRIGGER deleted_worker_is_cut_off AFTER DELETE ON public.workers FOR EACH ROW EXECUTE FUNCTION public.notify_of_deleted_worker();
CREATE TRIGGER global_scope_stays BEFORE DELETE ON public.scopes FOR EACH ROW EXECUTE FUNCTION public.refuse_delete_of_global();
CREATE TRIGGER group_fixed_columns BEFORE UPDATE ON public.groups FOR EACH ROW EXECUTE FUNCTION public.refuse_change_of('id', 'scope_id', 'created_time');
CREATE TRIGGER group_tombstone AFTER DELETE ON public.groups FOR EACH ROW EXECUTE FUNCTION public.record_tombstone('group');
CREATE TRIGGER host_catalog_fixed_columns BEFORE UPDATE ON public.host_catalogs FOR EACH ROW EXECUTE FUNCTION public.refuse_change_of('id', 'type', 'scope_id', 'created_time');
CREATE TRIGGER host_catalog_tombstone AFTER DELETE ON public.host_catalogs FOR EACH ROW EXECUTE FUNCTION public.record_tombstone('host-catalog');
CREATE TRIGGER host_fixed_columns BEFORE UPDATE ON public.hosts FOR EACH ROW EXECUTE FUNCTION public.refuse_change_of('id', 'type', 'host_catalog_id', 'scope_id', 'created_time');
CREATE TRIGGER host_set_fixed_columns BEFORE UPDATE ON public.host_sets FOR EACH ROW EXECUTE FUNCTION public.refuse_change_of('id', 'type', 'host_catalog_id', 'scope_id', 'created_time');
CREATE TRIGGER host_set_tombstone AFTER DELETE ON public.host_sets FOR EACH ROW EXECUTE FUNCTION public.record_tombstone('host-set');
CREATE TRIGGER host_source_excludes_address BEFORE INSERT ON public.target_host_sets FOR EACH ROW EXECUTE FUNCTION public.refuse_host_source_beside_address();
CREATE TRIGGER host_tombstone AFTER DELETE ON public.hosts FOR EACH ROW EXECUTE FUNCTION public.record_tombstone('host');
CREATE TRIGGER keys_rotated AFTER INSERT ON public.kms_data_key_versions FOR EACH ROW WHEN ((new.version > 1)) EXECUTE FUNCTION public.notify_of_keys();
CREATE TRIGGER limit_accounts_per_auth_method AFTER INSERT ON public.accounts REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.keep_limit('accounts_per_auth_method', 'auth_method_id');
CREATE TRIGGER limit_aliases_moved_to_target AFTER UPDATE OF destination_id ON public.aliases FOR EACH ROW WHEN (((new.destination_id IS NOT NULL) AND (new.destination_id IS DISTINCT FROM old.destination_id))) EXECUTE FUNCTION public.keep_limit_of_row('aliases_per_target', 'destination_id');
CREATE TRIGGER limit_aliases_per_scope AFTER INSERT ON public.aliases REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.keep_limit('aliases_per_scope', 'scope_id');
CREATE TRIGGER limit_aliases_per_target AFTER INSERT ON public.aliases REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.keep_limit('aliases_per_target', 'destination_id');
CREATE TRIGGER limit_auth_methods_per_scope AFTER INSERT ON public.auth_methods REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.keep_limit('auth_methods_per_scope', 'scope_id');
CREATE TRIGGER limit_auth_tokens_per_user AFTER INSERT ON public.auth_tokens REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.keep_limit('auth_tokens_per_user', 'user_id');
CREATE TRIGGER limit_credential_libraries_per_store AFTER INSERT ON public.credential_libraries REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.keep_limit('credential_libraries_per_store', 'credential_store_id');
CREATE TRIGGER limit_credential_sources_per_target AFTER INSERT ON public.target_credential_sources REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.keep_limit('credential_sources_per_target', 'target_id');
CREATE TRIGGER limit_credential_stores_per_scope AFTER INSERT ON public.credential_stores REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.keep_limit('credential_stores_per_scope', 'scope_id');
CREATE TRIGGER limit_credentials_per_store AFTER INSERT ON public.credentials REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.keep_limit('credentials_per_store', 'credential_store_id');
CREATE TRIGGER limit_grant_characters_per_role AFTER INSERT ON public.role_grants REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.keep_limit('grant_characters_per_role', 'role_id', 'length(canonical)');
CREATE TRIGGER limit_grant_scopes_per_role AFTER INSERT ON public.role_grant_scopes REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.keep_limit('grant_scopes_per_role', 'role_id');
CREATE TRIGGER limit_grants_of_scope AFTER INSERT ON public.group_members REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.keep_grant_limits();
CREATE TRIGGER limit_grants_of_scope AFTER INSERT ON public.managed_group_members REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.keep_grant_limits();
CREATE TRIGGER limit_grants_of_scope AFTER INSERT ON public.role_grants REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.keep_grant_limits();
CREATE TRIGGER limit_grants_of_scope AFTER INSERT ON public.role_principals REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.keep_grant_limits();
CREATE TRIGGER limit_grants_per_role AFTER INSERT ON public.role_grants REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.keep_limit('grants_per_role', 'role_id');
CREATE TRIGGER limit_groups_per_scope AFTER INSERT ON public.groups REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.keep_limit('groups_per_scope', 'scope_id');
CREATE TRIGGER limit_grown_worker_list_bytes AFTER UPDATE ON public.workers FOR EACH ROW WHEN ((new.list_bytes > old.list_bytes)) EXECUTE FUNCTION public.keep_limit_of_row('worker_list_bytes', 'scope_id', 'list_bytes');
CREATE TRIGGER limit_host_catalogs_per_scope AFTER INSERT ON public.host_catalogs REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.keep_limit('host_catalogs_per_scope', 'scope_id');
CREATE TRIGGER limit_host_sets_per_catalog AFTER INSERT ON public.host_sets REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.keep_limit('host_sets_per_catalog', 'host_catalog_id');
CREATE TRIGGER limit_host_sources_per_target AFTER INSERT ON public.target_host_sets REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.keep_limit('host_sources_per_target', 'target_id');
CREATE TRIGGER limit_hosts_per_catalog AFTER INSERT ON public.hosts REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.keep_limit('hosts_per_catalog', 'host_catalog_id');
CREATE TRIGGER limit_hosts_per_host_set AFTER INSERT ON public.host_set_members REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.keep_limit('hosts_per_host_set', 'host_set_id');
CREATE TRIGGER limit_managed_groups_per_auth_method AFTER INSERT ON public.managed_groups REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.keep_limit('managed_groups_per_auth_method', 'auth_method_id');
CREATE TRIGGER limit_members_per_group AFTER INSERT ON public.group_members REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.keep_limit('members_per_group', 'group_id');
CREATE TRIGGER limit_principals_per_role AFTER INSERT ON public.role_principals REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.keep_limit('principals_per_role', 'role_id');
CREATE TRIGGER limit_roles_per_scope AFTER INSERT ON public.roles REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.keep_limit('roles_per_scope', 'scope_id');
CREATE TRIGGER limit_scopes_per_scope AFTER INSERT ON public.scopes REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.keep_limit('scopes_per_scope', 'scope_id');
CREATE TRIGGER limit_targets_per_scope AFTER INSERT ON public.targets REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.keep_limit('targets_per_scope', 'scope_id');
CREATE TRIGGER limit_users_per_scope AFTER INSERT ON public.users REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.keep_limit('users_per_scope', 'scope_id');
CREATE TRIGGER limit_versions_of_data_key AFTER INSERT ON public.kms_data_key_versions REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.keep_limit('versions_per_key', 'data_key_id');
CREATE TRIGGER limit_versions_of_root_key AFTER INSERT ON public.kms_root_key_versions REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.keep_limit('versions_per_key', 'root_key_id');
CREATE TRIGGER limit_worker_list_bytes AFTER INSERT ON public.workers REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.keep_limit('worker_list_bytes', 'scope_id', 'list_bytes');
CREATE TRIGGER limit_workers AFTER INSERT ON public.workers REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.keep_limit('workers', 'scope_id');
CREATE TRIGGER lost_grant_scopes AFTER DELETE ON public.role_grant_scopes REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION public.note_lost_grants();
CREATE TRIGGER lost_grants AFTER DELETE ON public.role_grants REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION public.note_lost_grants();
CREATE TRIGGER lost_managed_members AFTER DELETE ON public.managed_group_members REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION public.note_lost_managed_members();
CREATE TRIGGER lost_members AFTER DELETE ON public.group_members REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION public.note_lost_members();
CREATE TRIGGER lost_principals AFTER DELETE ON public.role_principals REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION public.note_lost_principals();
CREATE TRIGGER managed_group_fixed_columns BEFORE UPDATE ON public.managed_groups FOR EACH ROW EXECUTE FUNCTION public.refuse_change_of('id', 'type', 'auth_method_id', 'scope_id', 'created_time');
CREATE TRIGGER managed_group_members_of_account AFTER INSERT OR UPDATE OF member_of_groups ON public.ldap_accounts FOR EACH ROW EXECUTE FUNCTION public.recompute_ldap_account();
CREATE TRIGGER managed_group_members_of_group AFTER INSERT OR UPDATE OF group_names ON public.managed_groups FOR EACH ROW EXECUTE FUNCTION public.recompute_ldap_group();
CREATE TRIGGER managed_group_tombstone AFTER DELETE ON public.managed_groups FOR EACH ROW EXECUTE FUNCTION public.record_tombstone('managed-group');
CREATE TRIGGER role_fixed_columns BEFORE UPDATE ON public.roles FOR EACH ROW EXECUTE FUNCTION public.refuse_change_of('id', 'scope_id', 'created_time');
CREATE TRIGGER role_principal_scope BEFORE INSERT ON public.role_principals FOR EACH ROW EXECUTE FUNCTION public.know_scope_of_role();
CREATE TRIGGER role_tombstone AFTER DELETE ON public.roles FOR EACH ROW EXECUTE FUNCTION public.record_tombstone('role');
CREATE TRIGGER scope_fixed_columns BEFORE UPDATE ON public.scopes FOR EACH ROW EXECUTE FUNCTION public.refuse_change_of('id', 'type', 'scope_id', 'created_time');
CREATE TRIGGER scope_tombstone AFTER DELETE ON public.scopes FOR EACH ROW EXECUTE FUNCTION public.record_tombstone('scope');
CREATE TRIGGER session_advances BEFORE UPDATE ON public.sessions FOR EACH ROW EXECUTE FUNCTION public.advance_session();
CREATE TRIGGER session_end_releases_its_workers AFTER UPDATE ON public.sessions FOR EACH ROW WHEN (((old.status <> 'terminated'::text) AND (new.status = 'terminated'::text))) EXECUTE FUNCTION public.release_session_workers();
CREATE TRIGGER session_fixed_columns BEFORE UPDATE ON public.sessions FOR EACH ROW WHEN ((((((((((((((old.id IS DISTINCT FROM new.id) OR (old.type IS DISTINCT FROM new.type)) OR (old.endpoint IS DISTINCT FROM new.endpoint)) OR (old.certificate IS DISTINCT FROM new.certificate)) OR (old.connection_limit IS DISTINCT FROM new.connection_limit)) OR (old.concurrent_connection_limit IS DISTINCT FROM new.concurrent_connection_limit)) OR (old.offline_grace_seconds IS DISTINCT FROM new.offline_grace_seconds)) OR (old.end_on_token_expiry IS DISTINCT FROM new.end_on_token_expiry)) OR (old.egress_worker_filter IS DISTINCT FROM new.egress_worker_filter)) OR (old.by_address IS DISTINCT FROM new.by_address)) OR (old.correlation_id IS DISTINCT FROM new.correlation_id)) OR (old.expiration_time IS DISTINCT FROM new.expiration_time)) OR (old.created_time IS DISTINCT FROM new.created_time))) EXECUTE FUNCTION public.refuse_change_of('id', 'type', 'endpoint', 'certificate', 'connection_limit', 'concurrent_connection_limit', 'offline_grace_seconds', 'end_on_token_expiry', 'egress_worker_filter', 'by_address', 'correlation_id', 'expiration_time', 'created_time');
CREATE TRIGGER session_private_key_is_fixed BEFORE UPDATE ON public.sessions FOR EACH ROW WHEN (((old.private_key IS DISTINCT FROM new.private_key) AND (NOT (old.key_id IS DISTINCT FROM new.key_id)))) EXECUTE FUNCTION public.refuse_change_of('private_key');
CREATE TRIGGER session_starts BEFORE INSERT ON public.sessions FOR EACH ROW EXECUTE FUNCTION public.check_new_session();
CREATE TRIGGER session_state_of_change AFTER UPDATE ON public.sessions FOR EACH ROW WHEN ((old.status IS DISTINCT FROM new.status)) EXECUTE FUNCTION public.record_session_state();
CREATE TRIGGER session_state_of_new AFTER INSERT ON public.sessions FOR EACH ROW EXECUTE FUNCTION public.record_session_state();
CREATE TRIGGER session_tombstone AFTER DELETE ON public.sessions FOR EACH ROW EXECUTE FUNCTION public.record_tombstone('session');
CREATE TRIGGER target_fixed_columns BEFORE UPDATE ON public.targets FOR EACH ROW EXECUTE FUNCTION public.refuse_change_of('id', 'type', 'scope_id', 'created_time');
CREATE TRIGGER target_tombstone AFTER DELETE ON public.targets FOR EACH ROW EXECUTE FUNCTION public.record_tombstone('target');
CREATE TRIGGER token_leaves_its_months AFTER DELETE ON public.auth_tokens FOR EACH ROW EXECUTE FUNCTION public.count_months_of_token();
CREATE TRIGGER user_fixed_columns BEFORE UPDATE ON public.users FOR EACH ROW EXECUTE FUNCTION public.refuse_change_of('id', 'scope_id', 'created_time');
CREATE TRIGGER user_tombstone AFTER DELETE ON public.users FOR EACH ROW EXECUTE FUNCTION public.record_tombstone('user');
CREATE TRIGGER worker_fixed_columns BEFORE UPDATE ON public.workers FOR EACH ROW EXECUTE FUNCTION public.refuse_change_of('id', 'scope_id', 'type', 'config_managed', 'created_time');
CREATE TRIGGER worker_tombstone AFTER DELETE ON public.workers FOR EACH ROW EXECUTE FUNCTION public.record_tombstone('worker');
ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT account_and_user_share_a_scope FOREIGN KEY (user_id, scope_id) REFERENCES public.users(id, scope_id) ON DELETE SET NULL (user_id);
ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT accounts_auth_method_id_scope_id_fkey FOREIGN KEY (auth_method_id, scope_id) REFERENCES public.auth_methods(id, scope_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT accounts_auth_method_id_type_fkey FOREIGN KEY (auth_method_id, type) REFERENCES public.auth_methods(id, type) ON DELETE CASCADE;
ALTER TABLE ONLY public.aliases
    ADD CONSTRAINT aliases_destination_id_fkey FOREIGN KEY (destination_id) REFERENCES public.targets(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.aliases
    ADD CONSTRAINT aliases_scope_id_fkey FOREIGN KEY (scope_id) REFERENCES public.scopes(id);
ALTER TABLE ONLY public.auth_methods
    ADD CONSTRAINT auth_methods_scope_id_fkey FOREIGN KEY (scope_id) REFERENCES public.scopes(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.auth_tokens
    ADD CONSTRAINT auth_tokens_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.auth_tokens
    ADD CONSTRAINT auth_tokens_auth_method_id_fkey FOREIGN KEY (auth_method_id) REFERENCES public.auth_methods(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.auth_tokens
    ADD CONSTRAINT auth_tokens_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.kms_data_key_versions(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.auth_tokens
    ADD CONSTRAINT auth_tokens_scope_id_fkey FOREIGN KEY (scope_id) REFERENCES public.scopes(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.auth_tokens
    ADD CONSTRAINT auth_tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.ca_certificates
    ADD CONSTRAINT ca_certificates_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.kms_data_key_versions(id);
ALTER TABLE ONLY public.credentials
    ADD CONSTRAINT credential_is_in_a_static_store FOREIGN KEY (credential_store_id, store_type) REFERENCES public.credential_stores(id, type) ON DELETE CASCADE;
ALTER TABLE ONLY public.credential_libraries
    ADD CONSTRAINT credential_libraries_credential_store_id_scope_id_fkey FOREIGN KEY (credential_store_id, scope_id) REFERENCES public.credential_stores(id, scope_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.credential_libraries
    ADD CONSTRAINT credential_libraries_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.kms_data_key_versions(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.credential_libraries
    ADD CONSTRAINT credential_library_is_in_a_vault_store FOREIGN KEY (credential_store_id, store_type) REFERENCES public.credential_stores(id, type) ON DELETE CASCADE;
ALTER TABLE ONLY public.target_credential_sources
    ADD CONSTRAINT credential_source_credential_is_of_the_project FOREIGN KEY (credential_id, scope_id) REFERENCES public.credentials(id, scope_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.target_credential_sources
    ADD CONSTRAINT credential_source_library_is_of_the_project FOREIGN KEY (credential_library_id, scope_id) REFERENCES public.credential_libraries(id, scope_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.target_credential_sources
    ADD CONSTRAINT credential_source_target_is_of_the_project FOREIGN KEY (target_id, scope_id) REFERENCES public.targets(id, scope_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.credential_stores
    ADD CONSTRAINT credential_store_is_in_a_project FOREIGN KEY (scope_id, scope_type) REFERENCES public.scopes(id, type) ON DELETE CASCADE;
ALTER TABLE ONLY public.credential_stores
    ADD CONSTRAINT credential_stores_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.kms_data_key_versions(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.credentials
    ADD CONSTRAINT credentials_credential_store_id_scope_id_fkey FOREIGN KEY (credential_store_id, scope_id) REFERENCES public.credential_stores(id, scope_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.credentials
    ADD CONSTRAINT credentials_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.kms_data_key_versions(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.kms_data_key_versions
    ADD CONSTRAINT data_key_version_needs_its_root FOREIGN KEY (root_key_version_id) REFERENCES public.kms_root_key_versions(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.deployment_keys
    ADD CONSTRAINT deployment_keys_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.kms_data_key_versions(id);
ALTER TABLE ONLY public.group_members
    ADD CONSTRAINT group_members_group_id_fkey FOREIGN KEY (group_id) REFERENCES public.groups(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.group_members
    ADD CONSTRAINT group_members_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.groups
    ADD CONSTRAINT groups_scope_id_fkey FOREIGN KEY (scope_id) REFERENCES public.scopes(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.host_catalogs
    ADD CONSTRAINT host_catalog_is_in_a_project FOREIGN KEY (scope_id, scope_type) REFERENCES public.scopes(id, type) ON DELETE CASCADE;
ALTER TABLE ONLY public.host_set_members
    ADD CONSTRAINT host_set_member_host_is_of_the_catalog FOREIGN KEY (host_id, host_catalog_id) REFERENCES public.hosts(id, host_catalog_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.host_set_members
    ADD CONSTRAINT host_set_member_set_is_of_the_catalog FOREIGN KEY (host_set_id, host_catalog_id) REFERENCES public.host_sets(id, host_catalog_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.host_sets
    ADD CONSTRAINT host_sets_host_catalog_id_scope_id_fkey FOREIGN KEY (host_catalog_id, scope_id) REFERENCES public.host_catalogs(id, scope_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.host_sets
    ADD CONSTRAINT host_sets_host_catalog_id_type_fkey FOREIGN KEY (host_catalog_id, type) REFERENCES public.host_catalogs(id, type) ON DELETE CASCADE;
ALTER TABLE ONLY public.target_host_sets
    ADD CONSTRAINT host_source_set_is_of_the_project FOREIGN KEY (host_set_id, scope_id) REFERENCES public.host_sets(id, scope_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.target_host_sets
    ADD CONSTRAINT host_source_target_is_of_the_project FOREIGN KEY (target_id, scope_id) REFERENCES public.targets(id, scope_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.hosts
    ADD CONSTRAINT hosts_host_catalog_id_scope_id_fkey FOREIGN KEY (host_catalog_id, scope_id) REFERENCES public.host_catalogs(id, scope_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.hosts
    ADD CONSTRAINT hosts_host_catalog_id_type_fkey FOREIGN KEY (host_catalog_id, type) REFERENCES public.host_catalogs(id, type) ON DELETE CASCADE;
ALTER TABLE ONLY public.kms_data_key_versions
    ADD CONSTRAINT kms_data_key_versions_data_key_id_fkey FOREIGN KEY (data_key_id) REFERENCES public.kms_data_keys(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.kms_data_keys
    ADD CONSTRAINT kms_data_keys_root_key_id_fkey FOREIGN KEY (root_key_id) REFERENCES public.kms_root_keys(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.kms_destruction_jobs
    ADD CONSTRAINT kms_destruction_jobs_scope_id_fkey FOREIGN KEY (scope_id) REFERENCES public.scopes(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.kms_root_key_versions
    ADD CONSTRAINT kms_root_key_versions_root_key_id_fkey FOREIGN KEY (root_key_id) REFERENCES public.kms_root_keys(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.kms_root_keys
    ADD CONSTRAINT kms_root_keys_scope_id_fkey FOREIGN KEY (scope_id) REFERENCES public.scopes(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.ldap_accounts
    ADD CONSTRAINT ldap_accounts_id_auth_method_id_fkey FOREIGN KEY (id, auth_method_id) REFERENCES public.accounts(id, auth_method_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.ldap_accounts
    ADD CONSTRAINT ldap_accounts_id_type_fkey FOREIGN KEY (id, type) REFERENCES public.accounts(id, type) ON DELETE CASCADE;
ALTER TABLE ONLY public.ldap_auth_methods
    ADD CONSTRAINT ldap_auth_methods_bind_password_key_id_fkey FOREIGN KEY (bind_password_key_id) REFERENCES public.kms_data_key_versions(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ldap_auth_methods
    ADD CONSTRAINT ldap_auth_methods_client_certificate_key_id_fkey FOREIGN KEY (client_certificate_key_id) REFERENCES public.kms_data_key_versions(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ldap_auth_methods
    ADD CONSTRAINT ldap_auth_methods_id_type_fkey FOREIGN KEY (id, type) REFERENCES public.auth_methods(id, type) ON DELETE CASCADE;
ALTER TABLE ONLY public.login_networks
    ADD CONSTRAINT login_networks_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.managed_group_members
    ADD CONSTRAINT managed_group_members_account_id_auth_method_id_fkey FOREIGN KEY (account_id, auth_method_id) REFERENCES public.accounts(id, auth_method_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.managed_group_members
    ADD CONSTRAINT managed_group_members_managed_group_id_auth_method_id_fkey FOREIGN KEY (managed_group_id, auth_method_id) REFERENCES public.managed_groups(id, auth_method_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.managed_groups
    ADD CONSTRAINT managed_groups_auth_method_id_scope_id_fkey FOREIGN KEY (auth_method_id, scope_id) REFERENCES public.auth_methods(id, scope_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.managed_groups
    ADD CONSTRAINT managed_groups_auth_method_id_type_fkey FOREIGN KEY (auth_method_id, type) REFERENCES public.auth_methods(id, type) ON DELETE CASCADE;
ALTER TABLE ONLY public.oidc_accounts
    ADD CONSTRAINT oidc_accounts_id_auth_method_id_fkey FOREIGN KEY (id, auth_method_id) REFERENCES public.accounts(id, auth_method_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.oidc_accounts
    ADD CONSTRAINT oidc_accounts_id_type_fkey FOREIGN KEY (id, type) REFERENCES public.accounts(id, type) ON DELETE CASCADE;
ALTER TABLE ONLY public.oidc_auth_methods
    ADD CONSTRAINT oidc_auth_methods_client_secret_key_id_fkey FOREIGN KEY (client_secret_key_id) REFERENCES public.kms_data_key_versions(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.oidc_auth_methods
    ADD CONSTRAINT oidc_auth_methods_id_type_fkey FOREIGN KEY (id, type) REFERENCES public.auth_methods(id, type) ON DELETE CASCADE;
ALTER TABLE ONLY public.password_accounts
    ADD CONSTRAINT password_accounts_id_auth_method_id_fkey FOREIGN KEY (id, auth_method_id) REFERENCES public.accounts(id, auth_method_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.password_accounts
    ADD CONSTRAINT password_accounts_id_type_fkey FOREIGN KEY (id, type) REFERENCES public.accounts(id, type) ON DELETE CASCADE;
ALTER TABLE ONLY public.password_auth_methods
    ADD CONSTRAINT password_auth_methods_id_type_fkey FOREIGN KEY (id, type) REFERENCES public.auth_methods(id, type) ON DELETE CASCADE;
ALTER TABLE ONLY public.scopes
    ADD CONSTRAINT primary_auth_method_is_of_the_scope FOREIGN KEY (primary_auth_method_id, id) REFERENCES public.auth_methods(id, scope_id) ON DELETE SET NULL (primary_auth_method_id);
ALTER TABLE ONLY public.role_grant_scopes
    ADD CONSTRAINT role_grant_scopes_role_id_fkey FOREIGN KEY (role_id) REFERENCES public.roles(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.role_grant_scopes
    ADD CONSTRAINT role_grant_scopes_scope_id_fkey FOREIGN KEY (scope_id) REFERENCES public.scopes(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.role_grants
    ADD CONSTRAINT role_grants_role_id_fkey FOREIGN KEY (role_id) REFERENCES public.roles(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.role_principals
    ADD CONSTRAINT role_principal_knows_the_scope_of_its_role FOREIGN KEY (role_id, scope_id) REFERENCES public.roles(id, scope_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.role_principals
    ADD CONSTRAINT role_principals_group_id_fkey FOREIGN KEY (group_id) REFERENCES public.groups(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.role_principals
    ADD CONSTRAINT role_principals_managed_group_id_fkey FOREIGN KEY (managed_group_id) REFERENCES public.managed_groups(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.role_principals
    ADD CONSTRAINT role_principals_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.roles
    ADD CONSTRAINT roles_scope_id_fkey FOREIGN KEY (scope_id) REFERENCES public.scopes(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.scope_access_versions
    ADD CONSTRAINT scope_access_versions_scope_id_fkey FOREIGN KEY (scope_id) REFERENCES public.scopes(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.scopes
    ADD CONSTRAINT scope_parent_has_the_level_above FOREIGN KEY (scope_id, parent_type) REFERENCES public.scopes(id, type) ON DELETE CASCADE;
ALTER TABLE ONLY public.session_connections
    ADD CONSTRAINT session_connections_session_id_fkey FOREIGN KEY (session_id) REFERENCES public.sessions(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.session_connections
    ADD CONSTRAINT session_connections_worker_id_fkey FOREIGN KEY (worker_id) REFERENCES public.workers(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.session_states
    ADD CONSTRAINT session_state_starts_when_its_prior_ends FOREIGN KEY (session_id, prior_status, start_time) REFERENCES public.session_states(session_id, status, end_time);
ALTER TABLE ONLY public.session_states
    ADD CONSTRAINT session_states_session_id_fkey FOREIGN KEY (session_id) REFERENCES public.sessions(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.session_workers
    ADD CONSTRAINT session_workers_session_id_fkey FOREIGN KEY (session_id) REFERENCES public.sessions(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.session_workers
    ADD CONSTRAINT session_workers_worker_id_fkey FOREIGN KEY (worker_id) REFERENCES public.workers(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_auth_token_id_fkey FOREIGN KEY (auth_token_id) REFERENCES public.auth_tokens(id) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_host_id_fkey FOREIGN KEY (host_id) REFERENCES public.hosts(id) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_host_set_id_fkey FOREIGN KEY (host_set_id) REFERENCES public.host_sets(id) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.kms_data_key_versions(id) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_scope_id_fkey FOREIGN KEY (scope_id) REFERENCES public.scopes(id) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_target_id_fkey FOREIGN KEY (target_id) REFERENCES public.targets(id) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.targets
    ADD CONSTRAINT target_is_in_a_project FOREIGN KEY (scope_id, scope_type) REFERENCES public.scopes(id, type) ON DELETE CASCADE;
ALTER TABLE ONLY public.user_access_versions
    ADD CONSTRAINT user_access_versions_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_scope_id_fkey FOREIGN KEY (scope_id) REFERENCES public.scopes(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.vault_credential_stores
    ADD CONSTRAINT vault_credential_stores_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.kms_data_key_versions(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.vault_credential_stores
    ADD CONSTRAINT vault_store_is_a_store FOREIGN KEY (id, type) REFERENCES public.credential_stores(id, type) ON DELETE CASCADE;
ALTER TABLE ONLY public.worker_activation_tokens
    ADD CONSTRAINT worker_activation_tokens_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.kms_data_key_versions(id);
ALTER TABLE ONLY public.worker_activation_tokens
    ADD CONSTRAINT worker_activation_tokens_worker_id_fkey FOREIGN KEY (worker_id) REFERENCES public.workers(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.worker_attachments
    ADD CONSTRAINT worker_attachments_controller_id_fkey FOREIGN KEY (controller_id) REFERENCES public.controllers(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.worker_attachments
    ADD CONSTRAINT worker_attachments_worker_id_fkey FOREIGN KEY (worker_id) REFERENCES public.workers(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.worker_registrations
    ADD CONSTRAINT worker_registrations_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.kms_data_key_versions(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.worker_registrations
    ADD CONSTRAINT worker_registrations_worker_id_fkey FOREIGN KEY (worker_id) REFERENCES public.workers(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.workers
    ADD CONSTRAINT workers_scope_id_fkey FOREIGN KEY (scope_id) REFERENCES public.scopes(id);
