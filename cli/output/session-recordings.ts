import type { AsJson } from '../../lib/rpc/as-json';
import type { RecordingExport, SessionRecording } from '../../proto/gen/api/session_recordings';
import { actionsSection, itemTable, listTable, scopeSection, time, type Presenter } from './table';

/** What stands for "never deleted" in the API. */
const FOREVER = /^(9999|infinity)/;

const until = (text: string | undefined): string | undefined =>
  text !== undefined && FOREVER.test(text) ? 'Forever' : time(text);

/** Includes fields of controllers that keep recordings; ours keeps none. */
interface Recording extends AsJson<SessionRecording> {
  readonly start_time?: string;
  readonly end_time?: string;
  readonly type?: string;
  readonly state?: string;
  readonly availability?: string;
  readonly storage_state?: string;
  readonly retain_until?: string;
  readonly delete_after?: string;
}

const fields = (recording: Recording) => ({
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

export const sessionRecordings: Presenter<Recording> = {
  list: { title: 'Session Recording', none: 'No session recordings found', fields },
  item: (recording) =>
    itemTable('Session Recording', { ID: recording.id, ...fields(recording) }, [
      scopeSection(recording),
      actionsSection(recording),
    ]),
};

const exportFields = (one: AsJson<RecordingExport>) => ({
  'Connection Recording ID': one.connection_recording_id,
  'Mime Type': one.mime_type,
  State: one.state,
});

/** One export of a recording. */
export const recordingExport = (one: AsJson<RecordingExport>): string[] =>
  itemTable('Session Recording Export', { ID: one.id, ...exportFields(one) }, []);

export const recordingExports = (items: readonly AsJson<RecordingExport>[]): string[] =>
  listTable(
    { title: 'Session Recording Export', none: 'No session recording exports found', column: 31, fields: exportFields },
    items,
    false,
  );
