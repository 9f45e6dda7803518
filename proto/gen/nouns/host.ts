// Made by scripts/nouns.ts of the options in proto/api. DO NOT EDIT.

export const host = {
  "type": "host",
  "plural": "hosts",
  "message": "Host",
  "messages": "Hosts",
  "scopes": [],
  "parent": "host-catalog",
  "kinds": {
    "static": {},
    "plugin": {
      "idActions": [
        "no-op",
        "read"
      ],
      "collectionActions": [
        "list"
      ]
    }
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
    "host_catalog_id",
    "scope",
    "name",
    "description",
    "created_time",
    "updated_time",
    "version",
    "type",
    "host_set_ids",
    "attributes",
    "ip_addresses",
    "dns_names",
    "external_id",
    "external_name",
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
    },
    "attributes.address": {
      "value": "text",
      "column": "address",
      "mutable": true
    }
  }
} as const;
