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
  "names": [
    "id",
    "target_id",
    "scope",
    "created_time",
    "updated_time",
    "version",
    "type",
    "expiration_time",
    "auth_token_id",
    "user_id",
    "host_set_id",
    "host_id",
    "scope_id",
    "endpoint",
    "states",
    "status",
    "certificate",
    "termination_reason",
    "canceled_by",
    "connection_limit",
    "connections_used",
    "concurrent_connection_limit",
    "connections_open",
    "authorized_actions",
    "connections"
  ],
  "fields": {}
} as const;
