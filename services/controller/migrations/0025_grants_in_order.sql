-- Grants that a role was made with are shown in their order, which `position` holds; those that it
-- got later have none and come behind, in the order of their canonical form. What roles have now
-- stays where it is.
alter table role_grants alter column position drop identity, alter column position drop not null;
