// Made by scripts/nouns.ts of the options in proto/api. DO NOT EDIT.

export const credentialStore = {
  "type": "credential-store",
  "plural": "credential-stores",
  "message": "CredentialStore",
  "messages": "CredentialStores",
  "scopes": [
    "project"
  ],
  "kinds": {
    "static": {},
    "vault": {}
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
