// Made by scripts/nouns.ts of the options in proto/api. DO NOT EDIT.

export const session = {
  "type": "session",
  "plural": "sessions",
  "message": "Session",
  "messages": "Sessions",
  "scopes": [
    "project"
  ],
  "kinds": {
    "session": {}
  },
  "idActions": [
    "no-op",
    "read",
    "read:self",
    "cancel",
    "cancel:self"
  ],
  "collectionActions": [
    "list"
  ],
  "lists": {},
  "fields": {}
} as const;
