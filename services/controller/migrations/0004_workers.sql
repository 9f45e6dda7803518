-- Workers, the authority that vouches for them, and which controller holds the stream of which worker.

-- Two authorities from the start, so that a change of authority never surprises a worker.
create table ca_certificates (
  slot text primary key constraint ca_slot_is_known check (slot in ('current', 'next')),
  -- DER.
  certificate bytea not null,
  -- PKCS #8, encrypted.
  private_key bytea not null,
  key_id text not null references kms_data_key_versions (id),
  created_time timestamptz not null
);

-- Keys of the whole deployment that controllers hold in memory. tofu: HMAC of first-use tokens.
create table deployment_keys (
  purpose text primary key constraint deployment_key_purpose_is_known check (purpose in ('tofu')),
  key bytea not null,
  key_id text not null references kms_data_key_versions (id),
  created_time timestamptz not null
);

create table workers (
  id text primary key,
  scope_id text not null default 'global' references scopes (id)
    constraint worker_scope_is_global check (scope_id = 'global'),
  type text not null default 'pki' constraint worker_type_is_known check (type in ('pki', 'kms')),
  name resource_name constraint worker_name_is_lower_case check (name = lower(name)),
  description resource_description,
  -- Made from a configuration, as by dev mode: its name and description cannot be updated.
  config_managed boolean not null default false,
  -- Tag keys to lists of values: set through the API, and as the worker's own configuration states them.
  api_tags jsonb not null default '{}' constraint api_tags_are_an_object check (jsonb_typeof(api_tags) = 'object'),
  config_tags jsonb not null default '{}' constraint config_tags_are_an_object check (jsonb_typeof(config_tags) = 'object'),
  -- As its latest process said: where clients reach it (host:port), its release, and which process that was.
  address text,
  release_version text,
  boot_id text,
  -- When its stream was last seen to end.
  detached_time timestamptz,
  created_time timestamptz not null,
  updated_time timestamptz not null,
  version integer not null default 1 constraint version_is_positive check (version > 0),
  constraint worker_name_is_unique unique (name)
);
create trigger worker_fixed_columns before update on workers
  for each row execute function refuse_change_of('id', 'scope_id', 'type', 'config_managed', 'created_time');
create trigger worker_tombstone after delete on workers for each row execute function record_tombstone('worker');

-- One-time tokens to enroll with. The token itself is never stored.
create table worker_activation_tokens (
  -- HMAC of the token's nonce under the token's own HMAC key, hexadecimal.
  id text primary key,
  worker_id text not null unique references workers (id) on delete cascade,
  -- ISO 8601, encrypted and bound to the id, so that nobody who can write here can prolong a token.
  creation_time bytea not null,
  key_id text not null references kms_data_key_versions (id)
);

-- One row per running controller; its lease is all that is written to show that it lives, and its workers with it.
create table controllers (
  id text primary key,
  name text not null,
  started_time timestamptz not null,
  lease_renewed_time timestamptz not null,
  lease_expiration_time timestamptz not null,
  constraint lease_ends_after_its_renewal check (lease_expiration_time > lease_renewed_time)
);

create table worker_attachments (
  -- A worker has one stream; a newer one takes the row over.
  worker_id text primary key references workers (id) on delete cascade,
  controller_id text not null references controllers (id) on delete cascade,
  -- Tells the streams of one worker apart.
  attachment_id text not null unique,
  -- Process of the worker.
  boot_id text not null,
  -- It takes no new sessions.
  draining boolean not null default false,
  attached_time timestamptz not null
);
create index worker_attachments_by_controller on worker_attachments (controller_id);

create function notify_of_deleted_worker() returns trigger language plpgsql as $$
begin
  perform pg_notify('sallyport_workers', old.id);
  return null;
end $$;
-- The controller that holds its stream cuts it.
create trigger deleted_worker_is_cut_off after delete on workers for each row execute function notify_of_deleted_worker();
