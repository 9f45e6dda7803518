// Made by scripts/nouns.ts of the options in proto/api. DO NOT EDIT.

export const credential = {
  "type": "credential",
  "plural": "credentials",
  "message": "Credential",
  "messages": "Credentials",
  "scopes": [],
  "parent": "credential-store",
  "parentKinds": [
    "static"
  ],
  "kinds": {
    "username_password": {},
    "username_password_domain": {},
    "password": {},
    "ssh_private_key": {},
    "json": {},
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
    "credential_store_id",
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
