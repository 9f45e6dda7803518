// Made by scripts/nouns.ts of the options in proto/api. DO NOT EDIT.

export const worker = {
  "type": "worker",
  "plural": "workers",
  "message": "Worker",
  "messages": "Workers",
  "scopes": [
    "global"
  ],
  "kinds": {
    "worker": {}
  },
  "idActions": [
    "no-op",
    "read",
    "update",
    "delete",
    "add-worker-tags",
    "set-worker-tags",
    "remove-worker-tags"
  ],
  "collectionActions": [
    "create:controller-led",
    "create:worker-led",
    "list",
    "read-certificate-authority",
    "reinitialize-certificate-authority"
  ],
  "lists": {
    "worker-tags": {
      "method": "WorkerTags",
      "fields": {
        "api_tags": {
          "value": "object",
          "column": "api_tags"
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
    "address",
    "canonical_tags",
    "config_tags",
    "last_status_time",
    "worker_generated_auth_token",
    "controller_generated_activation_token",
    "active_connection_count",
    "type",
    "api_tags",
    "release_version",
    "directly_connected_downstream_workers",
    "authorized_actions",
    "local_storage_state",
    "draining"
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
