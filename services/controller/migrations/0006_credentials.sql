-- Credentials: stores, the libraries of Vault stores, the credentials of static stores, and what targets broker.
-- Ciphertexts are bound to the id of their row; key_id names the data key version beside each.

create table credential_stores (
  id text primary key,
  scope_id text not null,
  scope_type text not null generated always as ('project') stored,
  type text not null constraint credential_store_type_is_known check (type in ('static', 'vault')),
  name text constraint credential_store_name_is_bounded check (name = btrim(name) and length(name) between 1 and 127),
  description text constraint credential_store_description_is_bounded check (length(description) between 1 and 1023),
  -- Key of the HMACs that the API shows, encrypted. It stays the same when data keys rotate, so that the HMAC of a
  -- secret changes with the secret only.
  hmac_key bytea not null,
  key_id text not null references kms_data_key_versions (id) deferrable initially deferred,
  created_time timestamptz not null,
  updated_time timestamptz not null,
  version integer not null default 1 constraint version_is_positive check (version > 0),
  unique (id, scope_id),
  unique (id, type),
  constraint credential_store_is_in_a_project foreign key (scope_id, scope_type) references scopes (id, type) on delete cascade,
  constraint credential_store_name_is_unique_in_its_scope unique (scope_id, type, name)
);
create index credential_stores_by_created_time on credential_stores (scope_id, created_time desc, id desc);
create index credential_stores_by_updated_time on credential_stores (scope_id, updated_time desc, id desc);
create index credential_stores_by_key on credential_stores (key_id);
create trigger credential_store_fixed_columns before update on credential_stores
  for each row execute function refuse_change_of('id', 'type', 'scope_id', 'created_time');
create trigger credential_store_tombstone after delete on credential_stores
  for each row execute function record_tombstone('credential-store');

-- What a Vault store has beyond.
create table vault_credential_stores (
  id text primary key,
  type text not null generated always as ('vault') stored,
  address text not null constraint vault_address_is_a_url check (address ~ '^https?:' and length(address) between 4 and 3999),
  namespace text,
  ca_cert text,
  tls_server_name text,
  tls_skip_verify boolean not null default false,
  worker_filter text,
  token bytea not null,
  token_hmac text not null,
  token_status text not null default 'current'
    constraint vault_token_status_is_known check (token_status in ('current', 'maintaining', 'revoke', 'revoked', 'expired')),
  client_certificate text,
  client_certificate_key bytea,
  client_certificate_key_hmac text,
  -- Of both ciphertexts.
  key_id text not null references kms_data_key_versions (id) deferrable initially deferred,
  constraint vault_store_is_a_store foreign key (id, type) references credential_stores (id, type) on delete cascade,
  constraint client_certificate_comes_with_its_key
    check (num_nulls(client_certificate, client_certificate_key, client_certificate_key_hmac) in (0, 3))
);
create index vault_credential_stores_by_key on vault_credential_stores (key_id);

create table credential_libraries (
  id text primary key,
  credential_store_id text not null,
  store_type text not null generated always as ('vault') stored,
  scope_id text not null,
  type text not null
    constraint credential_library_type_is_known check (type in ('vault-generic', 'vault-ssh-certificate', 'vault-ldap')),
  name text constraint credential_library_name_is_bounded check (name = btrim(name) and length(name) between 1 and 127),
  description text constraint credential_library_description_is_bounded check (length(description) between 1 and 1023),
  credential_type text
    constraint credential_type_is_known check (credential_type in
      ('username_password', 'username_password_domain', 'password', 'ssh_private_key', 'ssh_certificate')),
  -- Names of Vault's fields by names of ours.
  credential_mapping_overrides jsonb not null default '{}',
  -- Type-specific fields as the API shows them, without the request body.
  attributes jsonb not null constraint vault_path_is_there check (length(attributes ->> 'path') > 0),
  -- May hold secrets, so encrypted.
  http_request_body bytea,
  key_id text references kms_data_key_versions (id) deferrable initially deferred,
  created_time timestamptz not null,
  updated_time timestamptz not null,
  version integer not null default 1 constraint version_is_positive check (version > 0),
  unique (id, scope_id),
  foreign key (credential_store_id, scope_id) references credential_stores (id, scope_id) on delete cascade,
  constraint credential_library_is_in_a_vault_store foreign key (credential_store_id, store_type)
    references credential_stores (id, type) on delete cascade,
  constraint credential_library_name_is_unique_in_its_store unique (credential_store_id, type, name),
  constraint request_body_has_a_key check (num_nulls(http_request_body, key_id) in (0, 2))
);
create index credential_libraries_by_created_time on credential_libraries (credential_store_id, created_time desc, id desc);
create index credential_libraries_by_updated_time on credential_libraries (credential_store_id, updated_time desc, id desc);
create index credential_libraries_by_key on credential_libraries (key_id) where key_id is not null;
create trigger credential_library_fixed_columns before update on credential_libraries
  for each row execute function refuse_change_of('id', 'type', 'credential_type', 'credential_store_id', 'scope_id', 'created_time');
create trigger credential_library_tombstone after delete on credential_libraries
  for each row execute function record_tombstone('credential-library');

create table credentials (
  id text primary key,
  credential_store_id text not null,
  store_type text not null generated always as ('static') stored,
  scope_id text not null,
  type text not null constraint credential_type_is_known
    check (type in ('username_password', 'username_password_domain', 'password', 'ssh_private_key', 'json')),
  name text constraint credential_name_is_bounded check (name = btrim(name) and length(name) between 1 and 127),
  description text constraint credential_description_is_bounded check (length(description) between 1 and 1023),
  username text,
  domain text,
  -- JSON object of what is secret, encrypted.
  secret bytea not null,
  key_id text not null references kms_data_key_versions (id) deferrable initially deferred,
  password_hmac text,
  private_key_hmac text,
  private_key_passphrase_hmac text,
  object_hmac text,
  created_time timestamptz not null,
  updated_time timestamptz not null,
  version integer not null default 1 constraint version_is_positive check (version > 0),
  unique (id, scope_id),
  foreign key (credential_store_id, scope_id) references credential_stores (id, scope_id) on delete cascade,
  constraint credential_is_in_a_static_store foreign key (credential_store_id, store_type)
    references credential_stores (id, type) on delete cascade,
  constraint credential_name_is_unique_in_its_store unique (credential_store_id, type, name),
  constraint credential_has_the_fields_of_its_type check (
    (username is not null) = (type in ('username_password', 'username_password_domain', 'ssh_private_key'))
    and (domain is not null) = (type = 'username_password_domain')
    and (password_hmac is not null) = (type in ('username_password', 'username_password_domain', 'password'))
    and (private_key_hmac is not null) = (type = 'ssh_private_key')
    and (private_key_passphrase_hmac is null or type = 'ssh_private_key')
    and (object_hmac is not null) = (type = 'json')
  )
);
create index credentials_by_created_time on credentials (credential_store_id, created_time desc, id desc);
create index credentials_by_updated_time on credentials (credential_store_id, updated_time desc, id desc);
create index credentials_by_key on credentials (key_id);
create trigger credential_fixed_columns before update on credentials
  for each row execute function refuse_change_of('id', 'type', 'credential_store_id', 'scope_id', 'created_time');
create trigger credential_tombstone after delete on credentials for each row execute function record_tombstone('credential');

-- A target and its credential sources share a project. tcp targets broker and never inject.
create table target_credential_sources (
  target_id text not null,
  scope_id text not null,
  purpose text not null constraint credential_purpose_is_known check (purpose = 'brokered'),
  credential_id text,
  credential_library_id text,
  source_id text not null generated always as (coalesce(credential_id, credential_library_id)) stored,
  constraint credential_source_is_there_once primary key (target_id, purpose, source_id),
  constraint credential_source_is_one_thing check (num_nonnulls(credential_id, credential_library_id) = 1),
  constraint credential_source_target_is_of_the_project foreign key (target_id, scope_id)
    references targets (id, scope_id) on delete cascade,
  constraint credential_source_credential_is_of_the_project foreign key (credential_id, scope_id)
    references credentials (id, scope_id) on delete cascade,
  constraint credential_source_library_is_of_the_project foreign key (credential_library_id, scope_id)
    references credential_libraries (id, scope_id) on delete cascade
);
create index target_credential_sources_by_credential on target_credential_sources (credential_id);
create index target_credential_sources_by_library on target_credential_sources (credential_library_id);
