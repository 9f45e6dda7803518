// Made by scripts/nouns.ts of the options in proto/api. DO NOT EDIT.

export const hostCatalog = {
  "type": "host-catalog",
  "plural": "host-catalogs",
  "message": "HostCatalog",
  "messages": "HostCatalogs",
  "scopes": [
    "project"
  ],
  "kinds": {
    "static": {},
    "plugin": {}
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
