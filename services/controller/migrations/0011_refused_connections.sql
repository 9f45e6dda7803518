-- A worker that got no answer in time gives a connection up before the controller has put it on record. That end is kept
-- as a closed row, so that a late insert of the same id is refused whichever controller makes it. Such a row takes no
-- slot, and its session may be in any state.
drop trigger connection_needs_an_active_session on session_connections;
create trigger connection_needs_an_active_session after insert on session_connections
  for each row when (new.closed_time is null) execute function check_new_connection();
