// Made by scripts/nouns.ts of the options in proto/api. DO NOT EDIT.

export const group = {
  "type": "group",
  "plural": "groups",
  "message": "Group",
  "messages": "Groups",
  "scopes": [
    "global",
    "org",
    "project"
  ],
  "kinds": {
    "group": {}
  },
  "idActions": [
    "no-op",
    "read",
    "update",
    "delete",
    "add-members",
    "set-members",
    "remove-members"
  ],
  "collectionActions": [
    "create",
    "list"
  ],
  "lists": {
    "members": {
      "method": "GroupMembers",
      "fields": {
        "member_ids": {
          "value": "texts",
          "column": "member_ids",
          "flag": {
            "name": "member",
            "description": "Id of a user"
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
    "member_ids",
    "members",
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
