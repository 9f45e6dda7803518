/** The table of contents of the API: every service with its handlers. */
import type { PasswordQueue } from './auth-methods/passwords';
import { aliasService } from './aliases/aliases.rpc';
import { accountService } from './accounts/accounts.rpc';
import { authMethodService } from './auth-methods/auth-methods.rpc';
import { billingService } from './billing/billing.rpc';
import { authTokenService } from './auth-tokens/auth-tokens.rpc';
import type { ControllerDeps } from './context';
import type { Control } from './control/control';
import { credentialLibraryService } from './credential-libraries/credential-libraries.rpc';
import { credentialStoreService } from './credential-stores/credential-stores.rpc';
import { credentialService } from './credentials/credentials.rpc';
import { enterpriseServices } from './enterprise/enterprise.rpc';
import { groupService } from './groups/groups.rpc';
import { hostCatalogService } from './host-catalogs/host-catalogs.rpc';
import { hostSetService } from './host-sets/host-sets.rpc';
import { hostService } from './hosts/hosts.rpc';
import { managedGroupService } from './managed-groups/managed-groups.rpc';
import { listErrorsAsText } from './resources/list-errors';
import { roleService } from './roles/roles.rpc';
import type { Service } from './rpc/service';
import { scopeService } from './scopes/scopes.rpc';
import { sessionService } from './sessions/sessions.rpc';
import { authorizeSession } from './targets/authorize-session';
import { targetService } from './targets/targets.rpc';
import { userService } from './users/users.rpc';
import type { DeploymentAuthority } from './workers/authority';
import { workerService } from './workers/workers.rpc';

export interface ServiceDeps extends ControllerDeps {
  passwords: PasswordQueue;
  control: Control;
  authority: DeploymentAuthority;
}

export function createServices(deps: ServiceDeps): Service[] {
  return [
    scopeService(deps),
    listErrorsAsText(authMethodService(deps, deps.passwords)),
    listErrorsAsText(accountService(deps, deps.passwords)),
    managedGroupService(deps),
    listErrorsAsText(authTokenService(deps)),
    userService(deps),
    groupService(deps),
    roleService(deps),
    listErrorsAsText(hostCatalogService(deps)),
    listErrorsAsText(hostService(deps)),
    listErrorsAsText(hostSetService(deps)),
    listErrorsAsText(credentialStoreService(deps)),
    listErrorsAsText(credentialLibraryService(deps)),
    listErrorsAsText(credentialService(deps)),
    targetService(deps, authorizeSession(deps)),
    aliasService(deps),
    billingService(deps),
    ...enterpriseServices(),
    listErrorsAsText(sessionService(deps)),
    workerService(deps),
  ];
}
