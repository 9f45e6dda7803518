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
