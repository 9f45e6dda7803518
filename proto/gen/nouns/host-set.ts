// Made by scripts/nouns.ts of the options in proto/api. DO NOT EDIT.

export const hostSet = {
  "type": "host-set",
  "plural": "host-sets",
  "message": "HostSet",
  "messages": "HostSets",
  "scopes": [],
  "parent": "host-catalog",
  "kinds": {
    "static": {},
    "plugin": {}
  },
  "idActions": [
    "no-op",
    "read",
    "update",
    "delete",
    "add-hosts",
    "set-hosts",
    "remove-hosts"
  ],
  "collectionActions": [
    "create",
    "list"
  ],
  "lists": {
    "hosts": {
      "method": "HostSetHosts",
      "fields": {
        "host_ids": {
          "value": "texts",
          "column": "host_ids"
        }
      }
    }
  },
  "names": [
    "id",
    "host_catalog_id",
    "scope",
    "name",
    "description",
    "created_time",
    "updated_time",
    "version",
    "type",
    "host_ids",
    "preferred_endpoints",
    "sync_interval_seconds",
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
