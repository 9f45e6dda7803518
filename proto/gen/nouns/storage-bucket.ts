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
