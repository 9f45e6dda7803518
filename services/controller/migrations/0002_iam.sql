-- Who somebody is (auth methods, accounts, tokens), who acts (users, groups), and what they may do (roles).

create table auth_methods (
  id text primary key,
  scope_id text not null references scopes (id) on delete cascade,
  type text not null constraint auth_method_type_is_known check (type in ('password', 'oidc', 'ldap')),
  name resource_name,
  description resource_description,
  created_time timestamptz not null,
  updated_time timestamptz not null,
  version integer not null default 1 constraint version_is_positive check (version > 0),
  unique (id, scope_id),
  unique (id, type),
  constraint auth_method_name_is_unique_in_its_scope unique (scope_id, name),
  constraint auth_method_scope_is_global_or_org check (scope_id = 'global' or scope_id like 'o\_%')
);
create index auth_methods_by_created_time on auth_methods (scope_id, created_time desc, id desc);
create index auth_methods_by_updated_time on auth_methods (scope_id, updated_time desc, id desc);
create trigger auth_method_fixed_columns before update on auth_methods
  for each row execute function refuse_change_of('id', 'type', 'scope_id', 'created_time');
create trigger auth_method_tombstone after delete on auth_methods
  for each row execute function record_tombstone('auth-method');

create table password_auth_methods (
  id text primary key,
  type text not null default 'password' constraint subtype_is_password check (type = 'password'),
  min_login_name_length integer not null default 3
    constraint min_login_name_length_is_positive check (min_login_name_length > 0),
  min_password_length integer not null default 8
    constraint min_password_length_is_positive check (min_password_length > 0),
  foreign key (id, type) references auth_methods (id, type) on delete cascade
);

alter table scopes
  add constraint primary_auth_method_is_of_the_scope foreign key (primary_auth_method_id, id)
  references auth_methods (id, scope_id) on delete set null (primary_auth_method_id);

create table users (
  id text primary key,
  scope_id text not null references scopes (id) on delete cascade,
  name resource_name,
  description resource_description,
  created_time timestamptz not null,
  updated_time timestamptz not null,
  version integer not null default 1 constraint version_is_positive check (version > 0),
  unique (id, scope_id),
  constraint user_name_is_unique_in_its_scope unique (scope_id, name),
  constraint user_scope_is_global_or_org check (scope_id = 'global' or scope_id like 'o\_%')
);
create index users_by_created_time on users (scope_id, created_time desc, id desc);
create index users_by_updated_time on users (scope_id, updated_time desc, id desc);
create trigger user_fixed_columns before update on users
  for each row execute function refuse_change_of('id', 'scope_id', 'created_time');
create trigger user_tombstone after delete on users for each row execute function record_tombstone('user');

create function refuse_delete_of_builtin_user() returns trigger language plpgsql as $$
begin
  if old.id in ('u_anon', 'u_auth', 'u_recovery') then
    raise exception 'built-in users cannot be deleted' using errcode = '23514', constraint = 'builtin_users_stay';
  end if;
  return old;
end $$;
create trigger builtin_users_stay before delete on users for each row execute function refuse_delete_of_builtin_user();

insert into users (id, scope_id, name, description, created_time, updated_time)
  select id, 'global', name, description, seeded, seeded
  from date_trunc('milliseconds', now()) as seeded, (values
    ('u_anon', 'anonymous', 'The anonymous user matches any request, whether authenticated or not'),
    ('u_auth', 'authenticated', 'The authenticated user matches any user that has a valid token'),
    ('u_recovery', 'recovery', 'The recovery user is used for any request that was performed with the recovery KMS workflow')
  ) as builtin (id, name, description);

create table accounts (
  id text primary key,
  auth_method_id text not null,
  scope_id text not null,
  type text not null,
  user_id text,
  name resource_name,
  description resource_description,
  created_time timestamptz not null,
  updated_time timestamptz not null,
  version integer not null default 1 constraint version_is_positive check (version > 0),
  unique (id, type),
  unique (id, auth_method_id),
  constraint account_name_is_unique_in_its_auth_method unique (auth_method_id, name),
  constraint user_has_one_account_per_auth_method unique (user_id, auth_method_id),
  foreign key (auth_method_id, scope_id) references auth_methods (id, scope_id) on delete cascade,
  foreign key (auth_method_id, type) references auth_methods (id, type) on delete cascade,
  constraint account_and_user_share_a_scope foreign key (user_id, scope_id) references users (id, scope_id)
    on delete set null (user_id)
);
create index accounts_by_created_time on accounts (auth_method_id, created_time desc, id desc);
create index accounts_by_updated_time on accounts (auth_method_id, updated_time desc, id desc);
create trigger account_fixed_columns before update on accounts
  for each row execute function refuse_change_of('id', 'type', 'auth_method_id', 'created_time');
create trigger account_tombstone after delete on accounts for each row execute function record_tombstone('account');

create table password_accounts (
  id text primary key,
  auth_method_id text not null,
  type text not null default 'password' constraint subtype_is_password check (type = 'password'),
  login_name text not null constraint login_name_is_lower_case check (login_name ~ '^[a-z0-9.-]+$'),
  -- argon2id in PHC form; null: the account cannot log in.
  password_hash text constraint password_is_hashed check (password_hash like '$argon2id$%'),
  foreign key (id, type) references accounts (id, type) on delete cascade,
  foreign key (id, auth_method_id) references accounts (id, auth_method_id) on delete cascade,
  constraint login_name_is_unique_in_its_auth_method unique (auth_method_id, login_name)
);

create table auth_tokens (
  id text primary key,
  scope_id text not null references scopes (id) on delete cascade,
  user_id text not null references users (id) on delete cascade,
  auth_method_id text not null references auth_methods (id) on delete cascade,
  account_id text not null references accounts (id) on delete cascade,
  -- Secret part, encrypted; key_id names the data key version.
  token bytea not null,
  key_id text not null references kms_data_key_versions (id) deferrable initially deferred,
  created_time timestamptz not null,
  updated_time timestamptz not null,
  -- Written at most every ten minutes.
  approximate_last_used_time timestamptz not null,
  expiration_time timestamptz not null,
  constraint token_expires_after_its_creation check (expiration_time > created_time)
);
create index auth_tokens_by_created_time on auth_tokens (scope_id, created_time desc, id desc);
create index auth_tokens_by_updated_time on auth_tokens (scope_id, updated_time desc, id desc);
create index auth_tokens_by_user on auth_tokens (user_id);
create index auth_tokens_by_account on auth_tokens (account_id);
create trigger auth_token_fixed_columns before update on auth_tokens
  for each row execute function refuse_change_of('id', 'scope_id', 'user_id', 'account_id', 'created_time', 'expiration_time');
create trigger auth_token_tombstone after delete on auth_tokens
  for each row execute function record_tombstone('auth-token');

create table groups (
  id text primary key,
  scope_id text not null references scopes (id) on delete cascade,
  name resource_name,
  description resource_description,
  created_time timestamptz not null,
  updated_time timestamptz not null,
  version integer not null default 1 constraint version_is_positive check (version > 0),
  constraint group_name_is_unique_in_its_scope unique (scope_id, name)
);
create index groups_by_created_time on groups (scope_id, created_time desc, id desc);
create index groups_by_updated_time on groups (scope_id, updated_time desc, id desc);
create trigger group_fixed_columns before update on groups
  for each row execute function refuse_change_of('id', 'scope_id', 'created_time');
create trigger group_tombstone after delete on groups for each row execute function record_tombstone('group');

create table group_members (
  group_id text not null references groups (id) on delete cascade,
  user_id text not null references users (id) on delete cascade,
  constraint group_member_is_there_once primary key (group_id, user_id),
  constraint recovery_user_is_in_no_group check (user_id <> 'u_recovery')
);
create index group_members_by_user on group_members (user_id);

create table roles (
  id text primary key,
  scope_id text not null references scopes (id) on delete cascade,
  name resource_name,
  description resource_description,
  created_time timestamptz not null,
  updated_time timestamptz not null,
  version integer not null default 1 constraint version_is_positive check (version > 0),
  constraint role_name_is_unique_in_its_scope unique (scope_id, name)
);
create index roles_by_created_time on roles (scope_id, created_time desc, id desc);
create index roles_by_updated_time on roles (scope_id, updated_time desc, id desc);
create trigger role_fixed_columns before update on roles
  for each row execute function refuse_change_of('id', 'scope_id', 'created_time');
create trigger role_tombstone after delete on roles for each row execute function record_tombstone('role');

-- Exactly one of the references is set; principal_id is that one. Managed groups add a column later.
create table role_principals (
  role_id text not null references roles (id) on delete cascade,
  user_id text references users (id) on delete cascade,
  group_id text references groups (id) on delete cascade,
  principal_id text not null generated always as (coalesce(user_id, group_id)) stored,
  constraint role_principal_is_there_once primary key (role_id, principal_id),
  constraint role_principal_is_one_thing check (num_nonnulls(user_id, group_id) = 1),
  constraint recovery_user_has_no_role check (user_id <> 'u_recovery')
);
create index role_principals_by_user on role_principals (user_id);
create index role_principals_by_group on role_principals (group_id);

create table role_grants (
  role_id text not null references roles (id) on delete cascade,
  canonical text not null constraint grant_is_bounded check (length(canonical) between 1 and 16384),
  raw text not null constraint raw_grant_is_bounded check (length(raw) between 1 and 16384),
  -- Order in which grants were added, which is the order they are shown in.
  position bigint not null generated always as identity,
  constraint role_grant_is_there_once primary key (role_id, canonical)
);

-- Where a role's grants reach: the special words, or single scopes.
create table role_grant_scopes (
  role_id text not null references roles (id) on delete cascade,
  special text constraint grant_scope_word_is_known check (special in ('this', 'children', 'descendants')),
  scope_id text references scopes (id) on delete cascade,
  grant_scope_id text not null generated always as (coalesce(special, scope_id)) stored,
  constraint role_grant_scope_is_there_once primary key (role_id, grant_scope_id),
  constraint grant_scope_is_a_word_or_a_scope check (num_nonnulls(special, scope_id) = 1)
);
-- "children" and "descendants" exclude each other.
create unique index role_reaches_children_or_descendants on role_grant_scopes (role_id)
  where special in ('children', 'descendants');
