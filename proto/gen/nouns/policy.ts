// Made by scripts/nouns.ts of the options in proto/api. DO NOT EDIT.

export const policy = {
  "type": "policy",
  "plural": "policies",
  "message": "Policy",
  "messages": "Policies",
  "scopes": [
    "global",
    "org"
  ],
  "kinds": {
    "storage": {}
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
    "attributes",
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
