// Made by scripts/nouns.ts of the options in proto/api. DO NOT EDIT.

export const authMethod = {
  "type": "auth-method",
  "plural": "auth-methods",
  "message": "AuthMethod",
  "messages": "AuthMethods",
  "scopes": [
    "global",
    "org"
  ],
  "kinds": {
    "password": {},
    "oidc": {
      "idActions": [
        "no-op",
        "read",
        "update",
        "delete",
        "authenticate",
        "change-state"
      ]
    },
    "ldap": {}
  },
  "idActions": [
    "no-op",
    "read",
    "update",
    "delete",
    "authenticate"
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
