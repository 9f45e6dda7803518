-- What each secret was given for; it is sent nowhere else. Secrets that are there count as given for what is set now.
alter table vault_credential_stores add column token_place jsonb;
alter table vault_credential_stores add column client_certificate_key_place jsonb;
update vault_credential_stores v set token_place = p.place,
  client_certificate_key_place = case when v.client_certificate_key is not null then p.place end
  from (
    select id, jsonb_build_object('servers', jsonb_build_array(address),
      'ca', case when ca_cert is null then '[]'::jsonb else jsonb_build_array(ca_cert) end,
      'server_name', tls_server_name, 'unverified', tls_skip_verify, 'start_tls', false) as place
    from vault_credential_stores
  ) p where p.id = v.id;
alter table vault_credential_stores alter column token_place set not null;
alter table vault_credential_stores add constraint vault_client_key_has_a_place
  check ((client_certificate_key is null) = (client_certificate_key_place is null));

alter table oidc_auth_methods add column client_secret_place jsonb;
update oidc_auth_methods set client_secret_place = jsonb_build_object(
  'servers', case when issuer is null then '[]'::jsonb else jsonb_build_array(issuer) end,
  'ca', to_jsonb(idp_ca_certs), 'server_name', null, 'unverified', false, 'start_tls', false);
alter table oidc_auth_methods alter column client_secret_place set not null;

alter table ldap_auth_methods add column bind_password_place jsonb;
alter table ldap_auth_methods add column client_certificate_key_place jsonb;
update ldap_auth_methods l set
  bind_password_place = case when l.bind_password is not null then p.place end,
  client_certificate_key_place = case when l.client_certificate_key is not null then p.place end
  from (
    select id, jsonb_build_object('servers', to_jsonb(urls), 'ca', to_jsonb(certificates), 'server_name', null,
      'unverified', insecure_tls, 'start_tls', start_tls) as place
    from ldap_auth_methods
  ) p where p.id = l.id;
alter table ldap_auth_methods add constraint ldap_secrets_have_a_place
  check ((bind_password is null) = (bind_password_place is null)
    and (client_certificate_key is null) = (client_certificate_key_place is null));
