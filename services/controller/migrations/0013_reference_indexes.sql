-- What a deletion follows: without these it reads the whole table that refers to what is deleted.

create index auth_tokens_by_auth_method on auth_tokens (auth_method_id);
create index role_grant_scopes_by_scope on role_grant_scopes (scope_id) where scope_id is not null;
create index kms_data_key_versions_by_root on kms_data_key_versions (root_key_version_id);
create index worker_activation_tokens_by_key on worker_activation_tokens (key_id);
