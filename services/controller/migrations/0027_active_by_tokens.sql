-- A user is active in each calendar month (UTC) in which one of its auth tokens lives, whether it
-- opens sessions or not. Tokens are deleted earlier than months are counted, so that one that goes
-- leaves its months behind.
create function months_between(first timestamptz, last timestamptz) returns setof timestamptz language sql immutable as $$
  select month at time zone 'UTC' from generate_series(
    date_trunc('month', first at time zone 'UTC'), last at time zone 'UTC', interval '1 month') month
$$;

drop trigger session_makes_its_user_active on sessions;
drop function count_active_user;

create function count_months_of_token() returns trigger language plpgsql as $$
begin
  insert into monthly_active_users (month, user_id)
    select months_between(old.created_time, least(old.expiration_time, sallyport_now())), old.user_id
    on conflict do nothing;
  return null;
end $$;
create trigger token_leaves_its_months after delete on auth_tokens
  for each row execute function count_months_of_token();
