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
  "fields": {}
} as const;
