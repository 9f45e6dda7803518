// Made by scripts/nouns.ts of the options in proto/api. DO NOT EDIT.

export const billing = {
  "type": "billing",
  "plural": "billing",
  "message": "ActiveUsers",
  "messages": "",
  "scopes": [],
  "kinds": {},
  "idActions": [],
  "collectionActions": [
    "monthly-active-users"
  ],
  "lists": {},
  "names": [
    "count",
    "start_time",
    "end_time"
  ],
  "fields": {}
} as const;
