// Made by scripts/nouns.ts of the options in proto/api. DO NOT EDIT.

export const user = {
  "type": "user",
  "plural": "users",
  "message": "User",
  "messages": "Users",
  "scopes": [
    "global",
    "org"
  ],
  "kinds": {
    "user": {}
  },
  "idActions": [
    "no-op",
    "read",
    "update",
    "delete",
    "add-accounts",
    "set-accounts",
    "remove-accounts",
    "list-resolvable-aliases"
  ],
  "collectionActions": [
    "create",
    "list"
  ],
  "lists": {
    "accounts": {
      "method": "UserAccounts",
      "fields": {
        "account_ids": {
          "value": "texts",
          "column": "account_ids",
          "flag": {
            "name": "account",
            "description": "Id of an account"
          }
        }
      }
    }
  },
  "names": [
    "id",
    "scope_id",
    "scope",
    "name",
    "description",
    "created_time",
    "updated_time",
    "version",
    "account_ids",
    "accounts",
    "login_name",
    "full_name",
    "email",
    "primary_account_id",
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
