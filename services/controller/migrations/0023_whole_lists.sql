-- Lists without pages are answered whole. What they show is limited, so that a client that takes answers of 4 MiB reads
-- all of it.

-- About what the worker takes in such a list, encoded: tags are shown where they come from, and all together. Address
-- and release count as long as controllers take them: whatever a worker reports then, it does not grow by it.
alter table workers add column list_bytes integer not null generated always as (
  300 + greatest(324, coalesce(octet_length(address), 0) + coalesce(octet_length(release_version), 0))
    + coalesce(octet_length(name), 0) + coalesce(octet_length(description), 0)
    + 2 * (octet_length(api_tags::text) + octet_length(config_tags::text))
) stored;

-- Rows with the same value in the column that is the second argument; the third is what to add up instead.
create or replace function keep_limit_of_row() returns trigger language plpgsql as $$
begin
  perform check_limit(
    tg_argv[0],
    to_jsonb(new) ->> tg_argv[1],
    case
      when tg_nargs = 2 then format('select count(*) from (select from %I where %I = $1 limit $2 + 1) n', tg_table_name, tg_argv[1])
      else format('select sum(%s) from %I where %I = $1', tg_argv[2], tg_table_name, tg_argv[1])
    end
  );
  return null;
end $$;

create trigger limit_worker_list_bytes after insert on workers referencing new table as added
  for each statement execute function keep_limit('worker_list_bytes', 'scope_id', 'list_bytes');
create trigger limit_grown_worker_list_bytes after update on workers for each row when (new.list_bytes > old.list_bytes)
  execute function keep_limit_of_row('worker_list_bytes', 'scope_id', 'list_bytes');

-- Jobs that are over are remembered up to a number; those of earlier releases are cut to it.
delete from kms_destruction_jobs j using (
  select key_version_id, row_number() over (partition by scope_id order by created_time desc, key_version_id) as place
  from kms_destruction_jobs where status = 'completed'
) old
where old.key_version_id = j.key_version_id and old.place > 1000;
