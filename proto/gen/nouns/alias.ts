// Made by scripts/nouns.ts of the options in proto/api. DO NOT EDIT.

export const alias = {
  "type": "alias",
  "plural": "aliases",
  "message": "Alias",
  "messages": "Aliases",
  "scopes": [
    "global"
  ],
  "kinds": {
    "target": {}
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
    "value",
    "destination_id",
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
