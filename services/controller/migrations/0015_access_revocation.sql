-- What takes rights away is put on record with the users it concerns, so that controllers end the sessions that their
-- users may no longer open. Triggers write it, because rights are lost in many ways: roles, grants, grant scopes, principals,
-- members of groups and managed groups, accounts, and whatever the deletion of a scope takes with it.

create table grant_changes (
  id bigint primary key generated always as identity,
  -- Users who may have lost a right; null: everybody.
  user_ids text[],
  -- When their sessions were looked through. The row stays for a while, for sessions that were being made meanwhile.
  reviewed_time timestamptz
);
create index grant_changes_not_reviewed on grant_changes (id) where reviewed_time is null;

create function record_grant_change(users text[]) returns void language plpgsql as $$
begin
  if cardinality(users) = 0 then
    return;
  end if;
  insert into grant_changes (user_ids) values (case when users && array['u_anon', 'u_auth'] then null else users end);
  perform pg_notify('sallyport_grants', '');
end $$;

create function users_of_principals(users text[], of_groups text[], of_managed_groups text[]) returns text[]
language sql stable as $$
  select array(
    select unnest(users)
    union
    select m.user_id from group_members m where m.group_id = any(of_groups)
    union
    select a.user_id from managed_group_members m join accounts a on a.id = m.account_id
    where m.managed_group_id = any(of_managed_groups) and a.user_id is not null
  )
$$;

create function note_lost_principals() returns trigger language plpgsql as $$
begin
  perform record_grant_change(users_of_principals(
    array(select user_id from gone where user_id is not null),
    array(select group_id from gone where group_id is not null),
    array(select managed_group_id from gone where managed_group_id is not null)
  ));
  return null;
end $$;
create trigger lost_principals after delete on role_principals referencing old table as gone
  for each statement execute function note_lost_principals();

create function note_lost_grants() returns trigger language plpgsql as $$
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
create trigger lost_grants after delete on role_grants referencing old table as gone
  for each statement execute function note_lost_grants();
create trigger lost_grant_scopes after delete on role_grant_scopes referencing old table as gone
  for each statement execute function note_lost_grants();

create function note_lost_members() returns trigger language plpgsql as $$
begin
  perform record_grant_change(array(select distinct user_id from gone));
  return null;
end $$;
create trigger lost_members after delete on group_members referencing old table as gone
  for each statement execute function note_lost_members();

create function note_lost_managed_members() returns trigger language plpgsql as $$
begin
  perform record_grant_change(array(
    select distinct a.user_id from gone join accounts a on a.id = gone.account_id where a.user_id is not null
  ));
  return null;
end $$;
create trigger lost_managed_members after delete on managed_group_members referencing old table as gone
  for each statement execute function note_lost_managed_members();

-- A deleted account takes its memberships with it when it can no longer tell whose they were.
create function note_deleted_accounts() returns trigger language plpgsql as $$
begin
  perform record_grant_change(array(select distinct user_id from gone where user_id is not null));
  return null;
end $$;
create trigger deleted_accounts after delete on accounts referencing old table as gone
  for each statement execute function note_deleted_accounts();

-- An account that leaves its user leaves it with its memberships, and its tokens are no longer that user's.
create function note_account_left_user() returns trigger language plpgsql as $$
begin
  perform record_grant_change(array[old.user_id]);
  delete from auth_tokens where account_id = old.id and user_id = old.user_id;
  return null;
end $$;
create trigger account_left_user after update of user_id on accounts for each row
  when (old.user_id is not null and new.user_id is distinct from old.user_id) execute function note_account_left_user();

-- Canceled because its user may no longer open it.
alter table sessions
  add column access_revoked boolean not null default false,
  add constraint revoked_session_is_ended check (not access_revoked or status in ('canceling', 'terminated')),
  drop constraint termination_reason_is_known,
  add constraint termination_reason_is_known
    check (termination_reason in ('timed out', 'canceled', 'connection limit', 'access revoked'));

-- Sessions that end with their token, looked through every second.
create index sessions_ending_with_their_token on sessions (auth_token_id)
  where end_on_token_expiry and status in ('pending', 'active');
