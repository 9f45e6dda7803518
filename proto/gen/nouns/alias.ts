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
