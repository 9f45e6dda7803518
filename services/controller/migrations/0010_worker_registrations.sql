-- Workers that were made from the request of a worker, which collects its certificate with the key of that request.
create table worker_registrations (
  -- SHA-256 of the public key, hexadecimal.
  id text primary key,
  worker_id text not null unique references workers (id) on delete cascade,
  -- Proves to the worker that it is answered by the right controller; encrypted.
  secret bytea not null,
  key_id text not null references kms_data_key_versions (id) deferrable initially deferred,
  created_time timestamptz not null
);
create index worker_registrations_by_key on worker_registrations (key_id);
