-- Auth methods that ask another system who somebody is: OpenID Connect providers and LDAP directories; their accounts,
-- and managed groups, whose members that system decides.

create function is_text_list(list text[]) returns boolean language sql immutable as $$
  select array_position(list, null) is null and not ('' = any(list))
$$;

create table oidc_auth_methods (
  id text primary key,
  type text not null default 'oidc' constraint subtype_is_oidc check (type = 'oidc'),
  state text not null default 'inactive'
    constraint auth_method_state_is_known check (state in ('inactive', 'active-private', 'active-public')),
  issuer text constraint issuer_is_a_url check (issuer ~ '^https?://' and length(issuer) < 4000),
  client_id text not null constraint client_id_is_bounded check (length(client_id) between 1 and 1024),
  -- Encrypted; the HMAC lets an administrator see whether it changed.
  client_secret bytea not null,
  client_secret_key_id text not null references kms_data_key_versions (id) deferrable initially deferred,
  client_secret_hmac text not null,
  api_url_prefix text not null
    constraint api_url_prefix_is_a_url check (api_url_prefix ~ '^https?://' and length(api_url_prefix) < 4000),
  -- Seconds; null: not sent to the provider. 0: log in anew.
  max_age integer constraint max_age_is_not_negative check (max_age >= 0),
  signing_algorithms text[] not null default '{}' constraint signing_algorithms_are_texts check (is_text_list(signing_algorithms)),
  idp_ca_certs text[] not null default '{}' constraint idp_ca_certs_are_texts check (is_text_list(idp_ca_certs)),
  allowed_audiences text[] not null default '{}' constraint allowed_audiences_are_texts check (is_text_list(allowed_audiences)),
  claims_scopes text[] not null default '{}' constraint claims_scopes_are_texts check (is_text_list(claims_scopes)),
  account_claim_maps text[] not null default '{}' constraint account_claim_maps_are_texts check (is_text_list(account_claim_maps)),
  prompts text[] not null default '{}' constraint prompts_are_texts check (is_text_list(prompts)),
  disable_discovered_config_validation boolean not null default false,
  foreign key (id, type) references auth_methods (id, type) on delete cascade,
  constraint active_oidc_method_is_complete
    check (state = 'inactive' or (issuer is not null and cardinality(signing_algorithms) > 0))
);

create table ldap_auth_methods (
  id text primary key,
  type text not null default 'ldap' constraint subtype_is_ldap check (type = 'ldap'),
  state text not null default 'inactive'
    constraint auth_method_state_is_known check (state in ('inactive', 'active-private', 'active-public')),
  -- In the order in which servers are tried.
  urls text[] not null constraint ldap_method_has_a_url check (is_text_list(urls) and cardinality(urls) > 0),
  start_tls boolean not null default false,
  insecure_tls boolean not null default false,
  discover_dn boolean not null default false,
  anon_group_search boolean not null default false,
  enable_groups boolean not null default false,
  use_token_groups boolean not null default false,
  upn_domain text,
  user_dn text,
  user_attr text,
  user_filter text,
  group_dn text,
  group_attr text,
  group_filter text,
  certificates text[] not null default '{}' constraint certificates_are_texts check (is_text_list(certificates)),
  client_certificate text,
  -- Encrypted, as is the bind password.
  client_certificate_key bytea,
  client_certificate_key_id text references kms_data_key_versions (id) deferrable initially deferred,
  client_certificate_key_hmac text,
  bind_dn text,
  bind_password bytea,
  bind_password_key_id text references kms_data_key_versions (id) deferrable initially deferred,
  bind_password_hmac text,
  account_attribute_maps text[] not null default '{}'
    constraint account_attribute_maps_are_texts check (is_text_list(account_attribute_maps)),
  -- Entries of one page of a search; 0: no paging.
  maximum_page_size integer not null default 0 constraint maximum_page_size_is_not_negative check (maximum_page_size >= 0),
  dereference_aliases text constraint dereference_aliases_is_known check (
    dereference_aliases in ('NeverDerefAliases', 'DerefInSearching', 'DerefFindingBaseObj', 'DerefAlways')
  ),
  foreign key (id, type) references auth_methods (id, type) on delete cascade,
  constraint client_certificate_has_its_key check (
    num_nonnulls(client_certificate, client_certificate_key, client_certificate_key_id, client_certificate_key_hmac) in (0, 4)
  ),
  constraint bind_dn_has_its_password check (
    num_nonnulls(bind_dn, bind_password, bind_password_key_id, bind_password_hmac) in (0, 4)
  )
);

create table oidc_accounts (
  id text primary key,
  auth_method_id text not null,
  type text not null default 'oidc' constraint subtype_is_oidc check (type = 'oidc'),
  issuer text not null constraint issuer_is_a_url check (issuer ~ '^https?://' and length(issuer) < 4000),
  subject text not null constraint subject_is_bounded check (length(subject) between 1 and 255),
  -- Filled at login, as are the claims.
  full_name text constraint full_name_is_bounded check (length(full_name) between 1 and 512),
  email text constraint email_is_bounded check (length(email) between 1 and 319),
  token_claims jsonb,
  userinfo_claims jsonb,
  foreign key (id, type) references accounts (id, type) on delete cascade,
  foreign key (id, auth_method_id) references accounts (id, auth_method_id) on delete cascade,
  constraint subject_is_unique_for_its_issuer unique (auth_method_id, issuer, subject)
);

create table ldap_accounts (
  id text primary key,
  auth_method_id text not null,
  type text not null default 'ldap' constraint subtype_is_ldap check (type = 'ldap'),
  login_name text not null constraint ldap_login_name_is_lower_case check (
    login_name = lower(login_name) and length(login_name) between 1 and 512
  ),
  -- Filled at login.
  full_name text constraint full_name_is_bounded check (length(full_name) between 1 and 512),
  email text constraint email_is_bounded check (length(email) between 1 and 319),
  dn text,
  member_of_groups text[] not null default '{}' constraint member_of_groups_are_texts check (is_text_list(member_of_groups)),
  foreign key (id, type) references accounts (id, type) on delete cascade,
  foreign key (id, auth_method_id) references accounts (id, auth_method_id) on delete cascade,
  constraint ldap_login_name_is_unique_in_its_auth_method unique (auth_method_id, login_name)
);

create table managed_groups (
  id text primary key,
  auth_method_id text not null,
  scope_id text not null,
  type text not null constraint managed_group_type_is_known check (type in ('oidc', 'ldap')),
  name resource_name,
  description resource_description,
  -- oidc: expression over the claims of a login. ldap: names of directory groups, any of which is enough.
  filter text constraint filter_is_bounded check (length(filter) between 1 and 65536),
  group_names text[] constraint group_names_are_texts check (is_text_list(group_names) and cardinality(group_names) > 0),
  created_time timestamptz not null,
  updated_time timestamptz not null,
  version integer not null default 1 constraint version_is_positive check (version > 0),
  unique (id, auth_method_id),
  constraint managed_group_name_is_unique_in_its_auth_method unique (auth_method_id, name),
  constraint managed_group_has_the_rule_of_its_type
    check ((type = 'oidc') = (filter is not null) and (type = 'ldap') = (group_names is not null)),
  foreign key (auth_method_id, scope_id) references auth_methods (id, scope_id) on delete cascade,
  foreign key (auth_method_id, type) references auth_methods (id, type) on delete cascade
);
create index managed_groups_by_created_time on managed_groups (auth_method_id, created_time desc, id desc);
create index managed_groups_by_updated_time on managed_groups (auth_method_id, updated_time desc, id desc);
create trigger managed_group_fixed_columns before update on managed_groups
  for each row execute function refuse_change_of('id', 'type', 'auth_method_id', 'scope_id', 'created_time');
create trigger managed_group_tombstone after delete on managed_groups
  for each row execute function record_tombstone('managed-group');

-- oidc: written at each login. ldap: kept by the triggers below, so that a change of either side counts at once.
create table managed_group_members (
  managed_group_id text not null,
  account_id text not null,
  auth_method_id text not null,
  constraint managed_group_member_is_there_once primary key (managed_group_id, account_id),
  foreign key (managed_group_id, auth_method_id) references managed_groups (id, auth_method_id) on delete cascade,
  foreign key (account_id, auth_method_id) references accounts (id, auth_method_id) on delete cascade
);
create index managed_group_members_by_account on managed_group_members (account_id);

-- The lock of the auth method lets changes of groups and of accounts see each other.
create function recompute_ldap_group() returns trigger language plpgsql as $$
begin
  if new.type <> 'ldap' then
    return null;
  end if;
  perform 1 from auth_methods where id = new.auth_method_id for no key update;
  delete from managed_group_members where managed_group_id = new.id;
  insert into managed_group_members (managed_group_id, account_id, auth_method_id)
    select new.id, a.id, a.auth_method_id from ldap_accounts a
    where a.auth_method_id = new.auth_method_id and a.member_of_groups && new.group_names;
  return null;
end $$;
create trigger managed_group_members_of_group after insert or update of group_names on managed_groups
  for each row execute function recompute_ldap_group();

create function recompute_ldap_account() returns trigger language plpgsql as $$
begin
  perform 1 from auth_methods where id = new.auth_method_id for no key update;
  delete from managed_group_members where account_id = new.id;
  insert into managed_group_members (managed_group_id, account_id, auth_method_id)
    select g.id, new.id, g.auth_method_id from managed_groups g
    where g.auth_method_id = new.auth_method_id and g.group_names && new.member_of_groups;
  return null;
end $$;
create trigger managed_group_members_of_account after insert or update of member_of_groups on ldap_accounts
  for each row execute function recompute_ldap_account();

-- Managed groups may be principals; principal_id is still the one reference that is set.
alter table role_principals
  drop constraint role_principal_is_there_once,
  drop constraint role_principal_is_one_thing,
  drop column principal_id;
alter table role_principals
  add column managed_group_id text references managed_groups (id) on delete cascade,
  add column principal_id text not null
    generated always as (coalesce(user_id, group_id, managed_group_id)) stored;
alter table role_principals
  add constraint role_principal_is_there_once primary key (role_id, principal_id),
  add constraint role_principal_is_one_thing check (num_nonnulls(user_id, group_id, managed_group_id) = 1);
create index role_principals_by_managed_group on role_principals (managed_group_id);
