// Made by scripts/nouns.ts of the options in proto/api. DO NOT EDIT.

export const role = {
  "type": "role",
  "plural": "roles",
  "message": "Role",
  "messages": "Roles",
  "scopes": [
    "global",
    "org",
    "project"
  ],
  "kinds": {
    "role": {}
  },
  "idActions": [
    "no-op",
    "read",
    "update",
    "delete",
    "add-principals",
    "set-principals",
    "remove-principals",
    "add-grants",
    "set-grants",
    "remove-grants",
    "add-grant-scopes",
    "set-grant-scopes",
    "remove-grant-scopes"
  ],
  "collectionActions": [
    "create",
    "list"
  ],
  "lists": {
    "principals": {
      "method": "RolePrincipals",
      "fields": {
        "principal_ids": {
          "value": "texts",
          "column": "principal_ids",
          "flag": {
            "name": "principal",
            "description": "Id of a user or a group"
          }
        }
      }
    },
    "grants": {
      "method": "RoleGrants",
      "fields": {
        "grant_strings": {
          "value": "texts",
          "column": "grant_strings",
          "flag": {
            "name": "grant",
            "description": "Grant, such as ids=*;type=target;actions=list,read"
          }
        }
      }
    },
    "grant-scopes": {
      "method": "RoleGrantScopes",
      "fields": {
        "grant_scope_ids": {
          "value": "texts",
          "column": "grant_scope_ids",
          "flag": {
            "name": "grant-scope-id",
            "description": "Scope in which the grants count: \"this\", \"children\", \"descendants\" or an id"
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
    "grant_scope_ids",
    "principal_ids",
    "principals",
    "grant_strings",
    "grants",
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
