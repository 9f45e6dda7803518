-- A worker's next process takes over while the earlier ones drain.

-- Boot ids of earlier processes that drain, as the present one says. Their connections are not lost.
alter table workers add column draining_boot_ids text[] not null default '{}';
