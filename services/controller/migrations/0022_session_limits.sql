-- Limits on the sessions of a user, a target and a worker are kept by counting, so each count has its index.
create index sessions_pending_by_user on sessions (user_id) where status = 'pending';
create index sessions_pending_by_target on sessions (target_id) where status = 'pending';
create index sessions_live_by_target on sessions (target_id) where status <> 'terminated';

-- Rows of ended sessions stay for as long as these do, and are many. What a worker may serve is found without them, in
-- the order in which it is told.
alter table session_workers add column live boolean not null default true;
update session_workers set live = false from sessions s where s.id = session_id and s.status = 'terminated';
drop index session_workers_by_worker;
create index session_workers_by_worker on session_workers (worker_id, live, session_id);

create function release_session_workers() returns trigger language plpgsql as $$
begin
  update session_workers set live = false where session_id = new.id;
  return null;
end $$;
create trigger session_end_releases_its_workers after update on sessions
  for each row when (old.status <> 'terminated' and new.status = 'terminated') execute function release_session_workers();

drop index session_connections_open;
create index session_connections_open on session_connections (worker_id, id) where closed_time is null;

-- A place for one more session. `refused` names the limit in the way, null when there is none. The sessions of one user
-- are made one after the other, so that a limit of the user holds exactly; each count sees what was committed before.
-- The target is counted unless `of_target` is null, and so are the workers of `of_workers`: `full_workers` are those that
-- may not serve one more. `other_workers` says how many more the session has, which are known to have room.
create function take_session_place(
  of_user text, max_user_pending integer, max_user_live integer,
  of_target text, max_target_pending integer, max_target_live integer,
  of_workers text[], other_workers integer, max_worker_live integer,
  out refused text, out target_pending integer, out target_live integer, out worker_live integer[], out full_workers text[]
) language plpgsql volatile as $$
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
