-- Built-in users stand for how somebody calls. Nobody logs in as one of them: an account of the recovery user would have
-- every right, and one of the authenticated or the anonymous user would bring its managed groups to everybody.
delete from auth_tokens where user_id in ('u_anon', 'u_auth', 'u_recovery');
update accounts set user_id = null where user_id in ('u_anon', 'u_auth', 'u_recovery');

alter table accounts add constraint built_in_users_have_no_accounts
  check (user_id not in ('u_anon', 'u_auth', 'u_recovery'));
alter table auth_tokens add constraint built_in_users_have_no_tokens
  check (user_id not in ('u_anon', 'u_auth', 'u_recovery'));
