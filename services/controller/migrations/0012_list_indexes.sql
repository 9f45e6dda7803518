-- Lists over the whole scope tree walk these in order, whatever the number of scopes; those of single scopes have their
-- own index. Refreshes look at what changed last.
create index scopes_everywhere_by_created_time on scopes (created_time desc, id desc) where scope_id is not null;
create index scopes_everywhere_by_updated_time on scopes (updated_time desc, id desc) where scope_id is not null;
create index auth_methods_everywhere_by_created_time on auth_methods (created_time desc, id desc);
create index auth_methods_everywhere_by_updated_time on auth_methods (updated_time desc, id desc);
create index auth_tokens_everywhere_by_created_time on auth_tokens (created_time desc, id desc);
create index auth_tokens_everywhere_by_updated_time on auth_tokens (updated_time desc, id desc);
create index users_everywhere_by_created_time on users (created_time desc, id desc);
create index users_everywhere_by_updated_time on users (updated_time desc, id desc);
create index groups_everywhere_by_created_time on groups (created_time desc, id desc);
create index groups_everywhere_by_updated_time on groups (updated_time desc, id desc);
create index roles_everywhere_by_created_time on roles (created_time desc, id desc);
create index roles_everywhere_by_updated_time on roles (updated_time desc, id desc);
create index host_catalogs_everywhere_by_created_time on host_catalogs (created_time desc, id desc);
create index host_catalogs_everywhere_by_updated_time on host_catalogs (updated_time desc, id desc);
create index credential_stores_everywhere_by_created_time on credential_stores (created_time desc, id desc);
create index credential_stores_everywhere_by_updated_time on credential_stores (updated_time desc, id desc);
create index targets_everywhere_by_created_time on targets (created_time desc, id desc);
create index targets_everywhere_by_updated_time on targets (updated_time desc, id desc);
create index sessions_everywhere_by_created_time on sessions (created_time desc, id desc) where scope_id is not null;
create index sessions_everywhere_by_updated_time on sessions (updated_time desc, id desc) where scope_id is not null;
create index sessions_live_everywhere_by_created_time on sessions (created_time desc, id desc)
  where status <> 'terminated' and scope_id is not null;
create index sessions_live_everywhere_by_updated_time on sessions (updated_time desc, id desc)
  where status <> 'terminated' and scope_id is not null;
create index sessions_live_by_updated_time on sessions (scope_id, updated_time desc, id desc) where status <> 'terminated';

-- Of callers who see what is theirs only.
drop index sessions_by_user;
create index sessions_by_user on sessions (user_id, created_time desc, id desc);
create index sessions_by_user_and_updated_time on sessions (user_id, updated_time desc, id desc);
create index sessions_live_by_user on sessions (user_id, created_time desc, id desc) where status <> 'terminated';
create index sessions_live_by_user_and_updated_time on sessions (user_id, updated_time desc, id desc) where status <> 'terminated';
drop index auth_tokens_by_user;
create index auth_tokens_by_user on auth_tokens (user_id, created_time desc, id desc);
create index auth_tokens_by_user_and_updated_time on auth_tokens (user_id, updated_time desc, id desc);

-- Aliases that lead somewhere, for the clients that resolve them.
create index aliases_leading_by_created_time on aliases (created_time desc, id desc) where destination_id is not null;
create index aliases_leading_by_updated_time on aliases (updated_time desc, id desc) where destination_id is not null;

drop index tombstones_by_time;
create index tombstones_by_time on tombstones (resource_type, deleted_time, id);
