// Made by scripts/nouns.ts of the options in proto/api. DO NOT EDIT.

export const scope = {
  "type": "scope",
  "plural": "scopes",
  "message": "Scope",
  "messages": "Scopes",
  "scopes": [
    "global",
    "org"
  ],
  "kinds": {
    "org": {},
    "project": {}
  },
  "idActions": [
    "no-op",
    "read",
    "update",
    "delete",
    "attach-storage-policy",
    "detach-storage-policy"
  ],
  "collectionActions": [
    "create",
    "list",
    "list-keys",
    "rotate-keys",
    "list-key-version-destruction-jobs",
    "destroy-key-version"
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
    "primary_auth_method_id",
    "authorized_actions",
    "authorized_collection_actions"
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
