import { actionsSection, itemTable, scopeSection, time, type Item, type Presenter } from './table';

const fields = (recording: Item) => ({
  'Session ID': recording.session_id,
  'Storage Bucket ID': recording.storage_bucket_id,
  'Created Time': time(recording.created_time),
  'Updated Time': time(recording.updated_time),
});

export const sessionRecordings: Presenter = {
  list: { title: 'Session Recording', none: 'No session recordings found', fields },
  item: (recording) =>
    itemTable('Session Recording', { ID: recording.id, ...fields(recording) }, [
      scopeSection(recording),
      actionsSection(recording),
    ]),
};
