-- Recovery tokens that were used, so that each is accepted once by all controllers together. Kept until an hour after
-- the token has expired.
create table recovery_nonces (
  nonce bytea primary key constraint recovery_nonce_is_32_bytes check (length(nonce) = 32),
  expiration_time timestamptz not null
);
create index recovery_nonces_by_expiration on recovery_nonces (expiration_time);
