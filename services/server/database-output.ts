/**
 * The output of `database init`: blocks for people, one object for programs. The password is shown
 * here and nowhere else.
 */
import { DEFAULT_SESSION_MAX_SECONDS } from '../controller/init/init.store';
import { AUTH_METHOD, HOST_NAMES, ORG, PROJECT } from '../controller/init/initialize';
import type { InitSkips, Plan, PlannedTarget } from '../controller/init/plan';
import { informationBlock } from './information';

const LOGIN_ROLE = 'Login Grants';
const AUTHENTICATED_USER_ROLE = 'Authenticated User Grants';

export function initJson(plan: Plan): Record<string, unknown> {
  const [target, second] = plan.targets.map((item) => targetJson(item, plan));
  const { loginRole, authenticatedUserRole, authMethod, org, project, hosts } = plan;
  return {
    // Scripts know the id of the role under the name scope_id.
    ...(loginRole && { login_role: { scope_id: loginRole.id, name: LOGIN_ROLE } }),
    ...(authenticatedUserRole && {
      authenticated_user_role: { scope_id: authenticatedUserRole.id, name: AUTHENTICATED_USER_ROLE },
    }),
    ...(authMethod && { auth_method: authJson(authMethod) }),
    ...(org && { org_scope: { scope_id: org.id, type: 'org', name: ORG.name } }),
    ...(project && { project_scope: { scope_id: project.id, type: 'project', name: PROJECT.name } }),
    ...(hosts && {
      host_resources: {
        host_catalog_id: hosts.catalogId,
        host_set_id: hosts.setId,
        host_id: hosts.hostId,
        type: 'static',
        scope_id: project!.id,
        host_catalog_name: HOST_NAMES.catalog.name,
        host_set_name: HOST_NAMES.set.name,
        host_name: HOST_NAMES.host.name,
      },
    }),
    ...(target && { target }),
    ...(second && { target_secondary: second }),
  };
}

function authJson(method: NonNullable<Plan['authMethod']>): Record<string, string> {
  return {
    auth_method_id: method.id,
    auth_method_name: AUTH_METHOD.name,
    login_name: method.admin.loginName,
    password: method.admin.password,
    scope_id: 'global',
    user_id: method.admin.userId,
    user_name: method.admin.userName,
  };
}

function targetJson(target: PlannedTarget, plan: Plan): Record<string, string | number> {
  return {
    target_id: target.id,
    default_port: target.defaultPort,
    session_max_seconds: target.sessionMaxSeconds ?? DEFAULT_SESSION_MAX_SECONDS,
    session_connection_limit: target.sessionConnectionLimit ?? -1,
    type: 'tcp',
    scope_id: plan.project!.id,
    name: target.name,
  };
}

const SKIPPED = (part: string, flag: string): string => `\nThe ${part} was not created, as -${flag} says.\n`;

export function initText(plan: Plan, skips: InitSkips): string {
  return [
    plan.loginRole
      ? informationBlock('Initial login role information:', { Name: LOGIN_ROLE, 'Role ID': plan.loginRole.id })
      : SKIPPED('initial login role', 'skip-initial-login-role-creation'),
    plan.authenticatedUserRole
      ? informationBlock('Initial authenticated user role information:', {
          Name: AUTHENTICATED_USER_ROLE,
          'Role ID': plan.authenticatedUserRole.id,
        })
      : SKIPPED('initial authenticated user role', 'skip-initial-authenticated-user-role-creation'),
    authText(plan),
    scopesText(plan),
    ...resourcesText(plan, skips),
    '\n',
  ].join('');
}

function authText(plan: Plan): string {
  if (plan.authMethod === undefined) return SKIPPED('initial auth method', 'skip-auth-method-creation');
  return informationBlock('Initial auth information:', {
    'Auth Method ID': plan.authMethod.id,
    'Auth Method Name': AUTH_METHOD.name,
    'Login Name': plan.authMethod.admin.loginName,
    Password: plan.authMethod.admin.password,
    'Scope ID': 'global',
    'User ID': plan.authMethod.admin.userId,
    'User Name': plan.authMethod.admin.userName,
  });
}

function scopesText(plan: Plan): string {
  if (plan.org === undefined || plan.project === undefined) return SKIPPED('initial scopes', 'skip-scopes-creation');
  const block = (level: string, id: string, name: string): string =>
    informationBlock(`Initial ${level} scope information:`, { Name: name, 'Scope ID': id, Type: level });
  return block('org', plan.org.id, ORG.name) + block('project', plan.project.id, PROJECT.name);
}

function resourcesText(plan: Plan, skips: InitSkips): string[] {
  if (plan.project === undefined) return [];
  if (plan.hosts === undefined) return [SKIPPED('initial host resources', 'skip-host-resources-creation')];
  const hosts = informationBlock('Initial host resources information:', {
    'Host Catalog ID': plan.hosts.catalogId,
    'Host Catalog Name': HOST_NAMES.catalog.name,
    'Host ID': plan.hosts.hostId,
    'Host Name': HOST_NAMES.host.name,
    'Host Set ID': plan.hosts.setId,
    'Host Set Name': HOST_NAMES.set.name,
    'Scope ID': plan.project.id,
    Type: 'static',
  });
  if (skips.skipTargetCreation === true) return [hosts, SKIPPED('initial target', 'skip-target-creation')];
  return [hosts, ...plan.targets.map((target) => targetText(target, plan.project!.id))];
}

const targetText = (target: PlannedTarget, scopeId: string): string =>
  informationBlock('Initial target information:', {
    'Default Port': target.defaultPort,
    Name: target.name,
    'Scope ID': scopeId,
    'Session Connection Limit': target.sessionConnectionLimit ?? -1,
    'Session Max Seconds': target.sessionMaxSeconds ?? DEFAULT_SESSION_MAX_SECONDS,
    'Target ID': target.id,
    Type: 'tcp',
  });
