/**
 * The permission matrix: what each kind of principal may do to each type of resource with the roles
 * that a new deployment has. `permissions.txt` is the committed answer; UPDATE_GOLDEN=1 rewrites
 * it, and the diff is the review.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { collectionActions, idActions, isGlobalOnly, parentType } from '../../services/controller/authz/actions';
import {
  decide,
  parseGrant,
  type HeldGrant,
  type Resource,
  type Subject,
} from '../../services/controller/authz/grants';
import {
  adminRole,
  authenticatedUserRole,
  loginRole,
  scopeRoles,
  type RoleSeed,
} from '../../services/controller/init/roles';

const FILE = join(__dirname, 'permissions.txt');
const ORG = 'o_1234567890';
const PROJECT = 'p_1234567890';
const SUBTYPES: [type: string, subtype?: string][] = [
  ['scope'],
  ['auth-method', 'password'],
  ['auth-method', 'oidc'],
  ['account', 'password'],
  ['managed-group'],
  ['auth-token'],
  ['user'],
  ['group'],
  ['role'],
  ['alias'],
  ['worker'],
  ['billing'],
  ['host-catalog'],
  ['host-set', 'static'],
  ['host', 'static'],
  ['target'],
  ['session'],
  ['credential-store'],
  ['credential-library'],
  ['credential'],
];
const IN_PROJECT = /^(host|target|session|credential)/;

const user = { userId: 'u_0987654321', accountId: 'acctpw_0987654321', anonymous: false };
const admin = { userId: 'u_1234567890', accountId: 'acctpw_1234567890', anonymous: false };
const planned = { userId: admin.userId } as Parameters<typeof adminRole>[1];

const held = (roles: RoleSeed[]): HeldGrant[] =>
  roles.flatMap((role) =>
    role.grants.flatMap((text) =>
      role.grantScopes.map((grantScope) => ({
        grant: parseGrant(text),
        roleId: role.id,
        roleScopeId: role.scopeId,
        grantScope,
      })),
    ),
  );
const login = loginRole('r_login');
const loggedIn = authenticatedUserRole('r_user', 'list,read');
const everyone = [login, loggedIn];

/** Columns of the matrix; each holds the roles above it and its own. */
const PRINCIPALS: [name: string, subject: Subject, grants: HeldGrant[]][] = [
  ['anonymous', { userId: 'u_anon', accountId: undefined, anonymous: true }, held([login])],
  ['user', user, held(everyone)],
  ['project user', user, held([...everyone, ...scopeRoles(PROJECT, 'project', undefined)])],
  ['project admin', user, held([...everyone, ...scopeRoles(PROJECT, 'project', user.userId)])],
  ['org admin', user, held([...everyone, ...scopeRoles(ORG, 'org', user.userId)])],
  ['admin', admin, held([...everyone, adminRole('r_admin', planned)])],
];

/** A resource of somebody else, in the deepest scope that its type may live in. */
function resourceOf(type: string, item: boolean): Resource {
  const scope = isGlobalOnly(type)
    ? { scopeId: 'global' }
    : IN_PROJECT.test(type)
      ? { scopeId: PROJECT, parentScopeId: ORG }
      : { scopeId: ORG, parentScopeId: 'global' };
  const pin = parentType(type) === type ? {} : { pin: 'x_parent00000' };
  return { type, ...scope, ...pin, ...(item ? { id: `x_${type.slice(0, 4)}000000` } : {}) };
}

function matrix(): string {
  const lines = ['resource | action | who may', '---|---|---'];
  for (const [type, subtype] of SUBTYPES) {
    const name = subtype === undefined ? type : `${type} (${subtype})`;
    for (const [item, actions] of [
      [false, collectionActions(type, subtype)],
      [true, idActions(type, subtype)],
    ] as const) {
      for (const action of [...actions].sort()) {
        const may = PRINCIPALS.filter(
          ([, subject, grants]) => decide(subject, grants, resourceOf(type, item), action).allowed,
        );
        lines.push(
          `${item ? name : `${name} collection`} | ${action} | ${may.map(([who]) => who).join(', ') || 'nobody'}`,
        );
      }
    }
  }
  return `${lines.join('\n')}\n`;
}

test('the permission matrix is the committed one', () => {
  const made = matrix();
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(FILE, made);
  expect(made).toBe(readFileSync(FILE, 'utf8'));
});

test('it says what it must say whatever the roles', () => {
  const lines = matrix().split('\n');
  const of = (start: string): string | undefined => lines.find((line) => line.startsWith(start));
  expect(of('auth-method (password) | authenticate')).toMatch(/anonymous/);
  expect(
    lines.filter((line) => / \| (update|delete|create|set-|add-|remove-)/.test(line) && /anonymous/.test(line)),
  ).toEqual([]);
  expect(lines.slice(2, -1).filter((line) => !/\badmin\b/.test(line))).toEqual([]);
  expect(of('target | authorize-session')).not.toMatch(/\| (user|anonymous)/);
});
