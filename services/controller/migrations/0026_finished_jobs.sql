-- A destruction of a key version that is over leaves the list of what is under way: callers wait
-- until it is empty.
delete from kms_destruction_jobs where status = 'completed';
drop index kms_destruction_jobs_to_do;
alter table kms_destruction_jobs drop constraint destruction_status_is_known;
alter table kms_destruction_jobs add constraint destruction_status_is_known check (status in ('pending', 'running'));
create index kms_destruction_jobs_to_do on kms_destruction_jobs (created_time);
