// Made by scripts/nouns.ts of the options in proto/api. DO NOT EDIT.

export const sessionRecording = {
  "type": "session-recording",
  "plural": "session-recordings",
  "message": "SessionRecording",
  "messages": "SessionRecordings",
  "scopes": [
    "global",
    "org"
  ],
  "kinds": {
    "recording": {}
  },
  "idActions": [
    "no-op",
    "read",
    "delete",
    "download",
    "reapply-storage-policy"
  ],
  "collectionActions": [
    "list"
  ],
  "lists": {},
  "names": [
    "id",
    "scope",
    "session_id",
    "storage_bucket_id",
    "created_time",
    "updated_time",
    "authorized_actions"
  ],
  "fields": {}
} as const;
