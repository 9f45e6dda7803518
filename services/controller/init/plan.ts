/**
 * What a new deployment starts with, as data: dev mode fills it with well-known ids,
 * `database init` with random ones. Names and descriptions are what clients and scripts of Boundary
 * look for.
 */
import { newIdOf, prefixOf } from '../../../lib/contract/id-prefixes';
import { randomBase62 } from '../../../lib/ids/ids';
import type { PlannedDevMethods } from './dev-methods';

export interface PlannedAccount {
  userId: string;
  userName: string;
  userDescription: string;
  accountId: string;
  loginName: string;
  /** Never logged. */
  password: string;
}

export interface PlannedTarget {
  id: string;
  name: string;
  description: string;
  defaultPort: number;
  /** Absent: the target leads to the host set of the plan. */
  address?: string;
  sessionMaxSeconds?: number;
  sessionConnectionLimit?: number;
  /** Value of an alias that leads to it. */
  alias?: string;
  /** Brokered by the target, from a static store of its own. */
  credential?: PlannedCredential;
}

export interface PlannedCredential {
  storeId: string;
  id: string;
  username: string;
  /** Never logged. */
  password: string;
}

export interface Plan {
  loginRole?: { id: string };
  authenticatedUserRole?: { id: string; targetActions: string };
  authMethod?: { id: string; admin: PlannedAccount; user?: PlannedAccount; adminRoleId: string };
  /** Further ways to log in, of dev mode. */
  devMethods?: PlannedDevMethods;
  /** `roles`: also the administration and default roles that a new org or project gets. */
  org?: { id: string; roles: boolean };
  project?: { id: string; roles: boolean };
  hosts?: { catalogId: string; setId: string; hostId: string; address: string };
  targets: PlannedTarget[];
}

export const ADMIN_USER = { userName: 'admin', userDescription: 'Initial admin user within the "global" scope' };
const UNPRIVILEGED_USER = { userName: 'user', userDescription: 'Initial unprivileged user' };

export interface DevOptions {
  idSuffix: string;
  secondaryIdSuffix: string;
  loginName: string;
  password: string;
  unprivilegedLoginName: string;
  unprivilegedPassword: string;
  hostAddress: string;
  targetDefaultPort: number;
  /** 0: the usual 8 hours. */
  targetSessionMaxSeconds: number;
  targetSessionConnectionLimit: number;
  /** Whether there are an OIDC and an LDAP auth method too. */
  oidc?: boolean;
  ldap?: boolean;
  /** Where the demo database listens; absent: no demo target. */
  demo?: { address: string; port: number; username: string; password: string } | undefined;
  /** Whether there are targets to try aliases with. */
  aliasTargets?: boolean;
}

const ADDRESS_TARGET = {
  name: 'Generated target with a direct address',
  description: 'Provides an initial target using an address in Boundary',
};
const HOST_SOURCE_TARGET = {
  name: 'Generated target using host sources',
  description: 'Provides a target using host sources in Boundary',
};
/** The name is the one that clients know. */
const DEMO_TARGET = {
  name: 'Generated local postgres target with alias',
  alias: 'postgres.boundary.dev',
  description: 'Provides an initial target to the demo database of dev mode',
};

function demoTarget({ address, port, username, password }: NonNullable<DevOptions['demo']>): PlannedTarget {
  const credential = {
    storeId: newIdOf('credential-store', 'static'),
    id: newIdOf('credential', 'username_password'),
    username,
    password,
  };
  return { ...DEMO_TARGET, id: newIdOf('target', 'tcp'), defaultPort: port, address, credential };
}

const HTTPS_PORT = 443;
const SSH_PORT = 22;
/** Seconds: long enough for one page. */
const WEB_SESSION_SECONDS = 5;

/** Targets to try aliases with. */
const aliasTargets = (): PlannedTarget[] => [
  {
    id: newIdOf('target', 'tcp'),
    name: 'www.hashicorp.com',
    description:
      'Provides an initial web target using an address in Boundary. Note: Only HTTPS is supported, as this target uses port 443. Alias names for web targets should match the URL for the target.',
    defaultPort: HTTPS_PORT,
    address: 'www.hashicorp.com',
    sessionMaxSeconds: WEB_SESSION_SECONDS,
    alias: 'www.hashicorp.com',
  },
  {
    id: newIdOf('target', 'tcp'),
    name: 'Generated localhost ssh target with an alias',
    description: 'Provides an initial localhost target to SSH to using an alias in Boundary',
    defaultPort: SSH_PORT,
    address: '127.0.0.1',
    alias: 'ssh.boundary.dev',
  },
];

/** Dev mode: the ids end in the two suffixes. */
export function devPlan(options: DevOptions): Plan {
  const { idSuffix, secondaryIdSuffix } = options;
  const id = (prefix: string): string => `${prefix}_${idSuffix}`;
  const limits = {
    ...(options.targetSessionMaxSeconds > 0 ? { sessionMaxSeconds: options.targetSessionMaxSeconds } : {}),
    sessionConnectionLimit: options.targetSessionConnectionLimit,
  };
  const admin = { loginName: options.loginName, password: options.password };
  const user = { loginName: options.unprivilegedLoginName, password: options.unprivilegedPassword };
  const second = { userId: `u_${secondaryIdSuffix}`, accountId: `acctpw_${secondaryIdSuffix}` };
  return {
    loginRole: { id: newIdOf('role', 'role') },
    authenticatedUserRole: { id: newIdOf('role', 'role'), targetActions: 'list,read,authorize-session' },
    authMethod: {
      id: id(prefixOf('auth-method', 'password')),
      admin: {
        ...ADMIN_USER,
        ...admin,
        userId: id(prefixOf('user', 'user')),
        accountId: id(prefixOf('account', 'password')),
      },
      user: { ...UNPRIVILEGED_USER, ...user, ...second },
      adminRoleId: newIdOf('role', 'role'),
    },
    devMethods: {
      oidcId: options.oidc === true ? id(prefixOf('auth-method', 'oidc')) : undefined,
      ldapId: options.ldap === true ? id(prefixOf('auth-method', 'ldap')) : undefined,
      users: [
        {
          ...admin,
          userId: id(prefixOf('user', 'user')),
          oidcAccountId: id(prefixOf('account', 'oidc')),
          fullName: 'Admin User',
        },
        { ...user, ...second, oidcAccountId: `acctoidc_${secondaryIdSuffix}`, fullName: 'Unprivileged User' },
      ],
    },
    org: { id: id(prefixOf('scope', 'org')), roles: false },
    project: { id: id(prefixOf('scope', 'project')), roles: false },
    hosts: {
      catalogId: id(prefixOf('host-catalog', 'static')),
      setId: id(prefixOf('host-set', 'static')),
      hostId: id(prefixOf('host', 'static')),
      address: options.hostAddress,
    },
    targets: [
      {
        ...ADDRESS_TARGET,
        ...limits,
        id: id(prefixOf('target', 'tcp')),
        defaultPort: options.targetDefaultPort,
        address: '127.0.0.1',
      },
      { ...HOST_SOURCE_TARGET, ...limits, id: `ttcp_${secondaryIdSuffix}`, defaultPort: options.targetDefaultPort },
      ...(options.demo === undefined ? [] : [demoTarget(options.demo)]),
      ...(options.aliasTargets === true ? aliasTargets() : []),
    ],
  };
}

/** Flags of `database init`, in camel case. */
export interface InitSkips {
  skipInitialLoginRoleCreation?: boolean;
  skipInitialAuthenticatedUserRoleCreation?: boolean;
  skipAuthMethodCreation?: boolean;
  skipScopesCreation?: boolean;
  skipHostResourcesCreation?: boolean;
  skipTargetCreation?: boolean;
}

const PASSWORD_LENGTH = 20;

/** `database init`: random ids, and one admin with a random password. */
export function initPlan(skips: InitSkips): Plan {
  const hosts = skips.skipScopesCreation !== true && skips.skipHostResourcesCreation !== true;
  const targets = hosts && skips.skipTargetCreation !== true;
  const admin = { loginName: 'admin', password: randomBase62(PASSWORD_LENGTH) };
  return {
    ...(skips.skipInitialLoginRoleCreation === true ? {} : { loginRole: { id: newIdOf('role', 'role') } }),
    ...(skips.skipInitialAuthenticatedUserRoleCreation === true
      ? {}
      : { authenticatedUserRole: { id: newIdOf('role', 'role'), targetActions: 'list,read' } }),
    ...(skips.skipAuthMethodCreation === true
      ? {}
      : {
          authMethod: {
            id: newIdOf('auth-method', 'password'),
            admin: {
              ...ADMIN_USER,
              ...admin,
              userId: newIdOf('user', 'user'),
              accountId: newIdOf('account', 'password'),
            },
            adminRoleId: newIdOf('role', 'role'),
          },
        }),
    ...(skips.skipScopesCreation === true
      ? {}
      : {
          org: { id: newIdOf('scope', 'org'), roles: true },
          project: { id: newIdOf('scope', 'project'), roles: true },
        }),
    ...(hosts
      ? {
          hosts: {
            catalogId: newIdOf('host-catalog', 'static'),
            setId: newIdOf('host-set', 'static'),
            hostId: newIdOf('host', 'static'),
            address: 'localhost',
          },
        }
      : {}),
    targets: targets
      ? [
          { ...ADDRESS_TARGET, id: newIdOf('target', 'tcp'), defaultPort: SSH_PORT, address: '127.0.0.1' },
          { ...HOST_SOURCE_TARGET, id: newIdOf('target', 'tcp'), defaultPort: SSH_PORT },
        ]
      : [],
  };
}
