// Made by scripts/nouns.ts of the options in proto/api. DO NOT EDIT.

export const storageBucket = {
  "type": "storage-bucket",
  "plural": "storage-buckets",
  "message": "StorageBucket",
  "messages": "StorageBuckets",
  "scopes": [
    "global",
    "org"
  ],
  "kinds": {
    "bucket": {}
  },
  "idActions": [
    "no-op",
    "read",
    "update",
    "delete"
  ],
  "collectionActions": [
    "create",
    "list"
  ],
  "lists": {},
  "names": [
    "id",
    "scope_id",
    "scope",
    "name",
    "description",
    "created_time",
    "updated_time",
    "version",
    "type",
    "plugin_id",
    "bucket_name",
    "bucket_prefix",
    "worker_filter",
    "attributes",
    "secrets",
    "authorized_actions"
  ],
  "fields": {
    "name": {
      "value": "text",
      "column": "name",
      "mutable": true
    },
    "description": {
      "value": "text",
      "column": "description",
      "mutable": true
    }
  }
} as const;
