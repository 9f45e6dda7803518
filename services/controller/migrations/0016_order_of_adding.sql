-- Members, principals and sources are shown in the order in which they were added, not in that of their random ids.
alter table host_set_members add column position bigint generated always as identity;
alter table group_members add column position bigint generated always as identity;
alter table role_principals add column position bigint generated always as identity;
alter table target_host_sets add column position bigint generated always as identity;
alter table target_credential_sources add column position bigint generated always as identity;
