// Made by scripts/nouns.ts of the options in proto/api. DO NOT EDIT.

export const target = {
  "type": "target",
  "plural": "targets",
  "message": "Target",
  "messages": "Targets",
  "scopes": [
    "project"
  ],
  "kinds": {
    "tcp": {},
    "ssh": {},
    "rdp": {}
  },
  "idActions": [
    "no-op",
    "read",
    "update",
    "delete",
    "add-host-sources",
    "set-host-sources",
    "remove-host-sources",
    "add-credential-sources",
    "set-credential-sources",
    "remove-credential-sources",
    "authorize-session"
  ],
  "collectionActions": [
    "create",
    "list"
  ],
  "lists": {
    "host-sources": {
      "method": "TargetHostSources",
      "fields": {
        "host_source_ids": {
          "value": "texts",
          "column": "host_source_ids"
        }
      }
    },
    "credential-sources": {
      "method": "TargetCredentialSources",
      "fields": {
        "brokered_credential_source_ids": {
          "value": "texts",
          "column": "brokered_credential_source_ids"
        },
        "injected_application_credential_source_ids": {
          "value": "texts",
          "column": "injected_application_credential_source_ids"
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
    "type",
    "host_source_ids",
    "host_sources",
    "session_max_seconds",
    "session_connection_limit",
    "worker_filter",
    "egress_worker_filter",
    "ingress_worker_filter",
    "attributes",
    "address",
    "brokered_credential_source_ids",
    "injected_application_credential_source_ids",
    "session_concurrent_connection_limit",
    "offline_grace_seconds",
    "end_sessions_on_token_expiry",
    "aliases",
    "with_aliases",
    "brokered_credential_sources",
    "injected_application_credential_sources",
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
