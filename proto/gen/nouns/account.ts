// Made by scripts/nouns.ts of the options in proto/api. DO NOT EDIT.

export const account = {
  "type": "account",
  "plural": "accounts",
  "message": "Account",
  "messages": "Accounts",
  "scopes": [],
  "parent": "auth-method",
  "kinds": {
    "password": {
      "idActions": [
        "no-op",
        "read",
        "update",
        "delete",
        "set-password",
        "change-password"
      ]
    },
    "oidc": {},
    "ldap": {}
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
    "scope",
    "name",
    "description",
    "created_time",
    "updated_time",
    "version",
    "type",
    "auth_method_id",
    "attributes",
    "managed_group_ids",
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
