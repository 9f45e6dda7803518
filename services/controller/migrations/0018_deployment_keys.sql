-- A second key of the deployment, which authenticates list tokens.
alter table deployment_keys drop constraint deployment_key_purpose_is_known;
alter table deployment_keys add constraint deployment_key_purpose_is_known check (purpose in ('tofu', 'list tokens'));
