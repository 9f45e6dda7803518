-- Networks from which an account was logged in to: keyed hashes of IPv4 addresses and of IPv6 networks of 64 bits. Wrong
-- passwords from elsewhere never keep out who logs in from one of them.
create table login_networks (
  account_id text not null references accounts (id) on delete cascade,
  network bytea not null constraint network_is_a_hash check (length(network) = 32),
  last_login_time timestamptz not null,
  primary key (account_id, network)
);
create index login_networks_by_last_login on login_networks (last_login_time);
