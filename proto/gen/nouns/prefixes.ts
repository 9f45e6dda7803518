// Made by scripts/nouns.ts of the options in proto/api. DO NOT EDIT.

/** Prefixes of ids, by type and kind. */
export const PREFIXES = {
  "account": {
    "password": [
      "acctpw",
      "apw"
    ],
    "oidc": [
      "acctoidc"
    ],
    "ldap": [
      "acctldap"
    ]
  },
  "alias": {
    "target": [
      "alt"
    ]
  },
  "auth-method": {
    "password": [
      "ampw"
    ],
    "oidc": [
      "amoidc"
    ],
    "ldap": [
      "amldap"
    ]
  },
  "auth-token": {
    "token": [
      "at"
    ]
  },
  "credential": {
    "username_password": [
      "credup",
      "cred"
    ],
    "username_password_domain": [
      "credupd"
    ],
    "password": [
      "credp"
    ],
    "ssh_private_key": [
      "credspk"
    ],
    "json": [
      "credjson"
    ],
    "vault": [
      "cdvlt"
    ]
  },
  "credential-library": {
    "vault-generic": [
      "clvlt"
    ],
    "vault-ssh-certificate": [
      "clvsclt"
    ],
    "vault-ldap": [
      "clvllt"
    ]
  },
  "credential-store": {
    "static": [
      "csst",
      "cs"
    ],
    "vault": [
      "csvlt"
    ]
  },
  "group": {
    "group": [
      "g"
    ]
  },
  "host": {
    "static": [
      "hst"
    ],
    "plugin": [
      "hplg",
      "h"
    ]
  },
  "host-catalog": {
    "static": [
      "hcst"
    ],
    "plugin": [
      "hcplg",
      "hc"
    ]
  },
  "host-set": {
    "static": [
      "hsst"
    ],
    "plugin": [
      "hsplg",
      "hs"
    ]
  },
  "managed-group": {
    "oidc": [
      "mgoidc"
    ],
    "ldap": [
      "mgldap"
    ]
  },
  "policy": {
    "storage": [
      "pst"
    ]
  },
  "role": {
    "role": [
      "r"
    ]
  },
  "scope": {
    "org": [
      "o"
    ],
    "project": [
      "p"
    ]
  },
  "session": {
    "session": [
      "s"
    ]
  },
  "session-recording": {
    "recording": [
      "sr"
    ]
  },
  "storage-bucket": {
    "bucket": [
      "sb"
    ]
  },
  "target": {
    "tcp": [
      "ttcp"
    ],
    "ssh": [
      "tssh"
    ],
    "rdp": [
      "trdp"
    ]
  },
  "user": {
    "user": [
      "u"
    ]
  },
  "worker": {
    "worker": [
      "w"
    ]
  }
} as const;

/** Path segments of collections, by type. */
export const PLURALS = {
  "account": "accounts",
  "alias": "aliases",
  "auth-method": "auth-methods",
  "auth-token": "auth-tokens",
  "billing": "billing",
  "credential": "credentials",
  "credential-library": "credential-libraries",
  "credential-store": "credential-stores",
  "group": "groups",
  "host": "hosts",
  "host-catalog": "host-catalogs",
  "host-set": "host-sets",
  "managed-group": "managed-groups",
  "policy": "policies",
  "role": "roles",
  "scope": "scopes",
  "session": "sessions",
  "session-recording": "session-recordings",
  "storage-bucket": "storage-buckets",
  "target": "targets",
  "user": "users",
  "worker": "workers"
} as const;
