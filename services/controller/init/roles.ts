/** Roles of a new deployment and of its first org and project. */
import { newIdOf } from '../../../lib/contract/id-prefixes';
import type { PlannedAccount } from './plan';

export interface RoleSeed {
  id: string;
  scopeId: string;
  name: string;
  description: string;
  userId: string;
  grants: string[];
  grantScopes: ('this' | 'descendants')[];
  /** The version that the role would have if each list had been added by its own request. */
  version: number;
}

const EVERYTHING = 'ids=*;type=*;actions=*';

const GLOBAL = { scopeId: 'global', grantScopes: ['this', 'descendants'] as RoleSeed['grantScopes'], version: 4 };

export const loginRole = (id: string): RoleSeed => ({
  ...GLOBAL,
  id,
  name: 'Login Grants',
  description: 'Role created for login capability for unauthenticated users',
  userId: 'u_anon',
  grants: [
    'ids=*;type=scope;actions=list,no-op',
    'ids=*;type=auth-method;actions=list,authenticate',
    'ids=*;type=auth-token;actions=read:self,delete:self',
  ],
});

export const authenticatedUserRole = (id: string, targetActions: string): RoleSeed => ({
  ...GLOBAL,
  id,
  name: 'Authenticated User Grants',
  description: 'Role created for account self-management, and other initial authenticated user grants',
  userId: 'u_auth',
  grants: [
    'ids=*;type=scope;actions=read',
    'ids=*;type=auth-token;actions=list',
    'ids={{.Account.Id}};actions=read,change-password',
    'ids=*;type=session;actions=list,read:self,cancel:self',
    'ids={{.User.Id}};type=user;actions=list-resolvable-aliases',
    `ids=*;type=target;actions=${targetActions}`,
  ],
});

export const adminRole = (id: string, admin: PlannedAccount): RoleSeed => ({
  ...GLOBAL,
  id,
  name: 'Administration',
  description: 'Provides admin grants within all scopes to the initial admin user',
  userId: admin.userId,
  grants: [EVERYTHING],
});

/** The two roles that an org or a project gets when it is made by a user. */
export function scopeRoles(scopeId: string, type: 'org' | 'project', adminUserId: string | undefined): RoleSeed[] {
  const common = { scopeId, grantScopes: ['this'] as RoleSeed['grantScopes'], version: 2 };
  const rest =
    type === 'org'
      ? {
          name: 'Login and Default Grants',
          description: `Role created for login capability, account self-management, and other default grants for users of scope ${scopeId} at its creation time`,
          userId: 'u_anon',
          grants: [
            'ids=*;type=scope;actions=list,no-op',
            'ids=*;type=auth-method;actions=authenticate,list',
            'ids={{.Account.Id}};actions=read,change-password',
            'ids=*;type=auth-token;actions=list,read:self,delete:self',
          ],
        }
      : {
          name: 'Default Grants',
          description: `Role created to provide default grants to users of scope ${scopeId} at its creation time`,
          userId: 'u_auth',
          grants: ['ids=*;type=session;actions=list,read:self,cancel:self', 'type=target;actions=list'],
        };
  const roles: RoleSeed[] = [{ ...common, ...rest, id: newIdOf('role', 'role') }];
  if (adminUserId !== undefined) {
    roles.unshift({
      ...common,
      id: newIdOf('role', 'role'),
      name: 'Administration',
      description: `Role created for administration of scope ${scopeId} by user ${adminUserId} at its creation time`,
      userId: adminUserId,
      grants: [EVERYTHING],
    });
  }
  return roles;
}
