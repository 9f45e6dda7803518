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
