// Made by scripts/nouns.ts of the options in proto/api. DO NOT EDIT.

export const credentialLibrary = {
  "type": "credential-library",
  "plural": "credential-libraries",
  "message": "CredentialLibrary",
  "messages": "CredentialLibraries",
  "scopes": [],
  "parent": "credential-store",
  "parentKinds": [
    "vault"
  ],
  "kinds": {
    "vault-generic": {},
    "vault-ssh-certificate": {},
    "vault-ldap": {}
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
    "credential_type",
    "credential_mapping_overrides",
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
