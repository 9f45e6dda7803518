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
    "is_primary",
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
