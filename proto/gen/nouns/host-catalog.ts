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
    "plugin_id",
    "secrets",
    "worker_filter",
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
