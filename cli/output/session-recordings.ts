import { actionsSection, itemTable, listTable, scopeSection, time, type Item, type Presenter } from './table';

/** What stands for "never deleted" in the API. */
const FOREVER = /^(9999|infinity)/;

const until = (text: string | undefined): string | undefined =>
  text !== undefined && FOREVER.test(text) ? 'Forever' : time(text);

const fields = (recording: Item) => ({
  'Session ID': recording.session_id,
  'Storage Bucket ID': recording.storage_bucket_id,
  'Created Time': time(recording.created_time),
  'Updated Time': time(recording.updated_time),
  'Start Time': time(recording.start_time),
  'End Time': time(recording.end_time),
  Type: recording.type,
  State: recording.state,
  Availability: recording.availability,
  'Storage State': recording.storage_state,
  'Retain Until': until(recording.retain_until),
  'Delete After': time(recording.delete_after),
});

export const sessionRecordings: Presenter = {
  list: { title: 'Session Recording', none: 'No session recordings found', fields },
  item: (recording) =>
    itemTable('Session Recording', { ID: recording.id, ...fields(recording) }, [
      scopeSection(recording),
      actionsSection(recording),
    ]),
};

const exportFields = (one: Item) => ({
  'Connection Recording ID': one.connection_recording_id,
  'Mime Type': one.mime_type,
  State: one.state,
});

/** One export of a recording. */
export const recordingExport = (one: Item): string[] =>
  itemTable('Session Recording Export', { ID: one.id, ...exportFields(one) }, []);

export const recordingExports = (items: readonly Item[]): string[] =>
  listTable(
    { title: 'Session Recording Export', none: 'No session recording exports found', column: 31, fields: exportFields },
    items,
    false,
  );
