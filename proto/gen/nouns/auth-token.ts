// Made by scripts/nouns.ts of the options in proto/api. DO NOT EDIT.

export const authToken = {
  "type": "auth-token",
  "plural": "auth-tokens",
  "message": "AuthToken",
  "messages": "AuthTokens",
  "scopes": [
    "global",
    "org"
  ],
  "kinds": {
    "token": {}
  },
  "idActions": [
    "no-op",
    "read",
    "read:self",
    "delete",
    "delete:self"
  ],
  "collectionActions": [
    "list"
  ],
  "lists": {},
  "names": [
    "id",
    "scope_id",
    "scope",
    "token",
    "user_id",
    "auth_method_id",
    "account_id",
    "created_time",
    "updated_time",
    "approximate_last_used_time",
    "expiration_time",
    "authorized_actions"
  ],
  "fields": {}
} as const;
