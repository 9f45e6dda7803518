/** The whole API without its services: what fronts decode requests with. */
import { readFileSync } from 'node:fs';
import { Registry } from 'prom-client';
import { packageFile } from '../../lib/config/package-root';
import { createLogger } from '../../lib/log/log';
import { AccountServiceDefinition } from '../../proto/gen/api/accounts';
import { AliasServiceDefinition } from '../../proto/gen/api/aliases';
import { AuthMethodServiceDefinition } from '../../proto/gen/api/auth_methods';
import { CredentialServiceDefinition } from '../../proto/gen/api/credentials';
import { CredentialLibraryServiceDefinition } from '../../proto/gen/api/credential_libraries';
import { CredentialStoreServiceDefinition } from '../../proto/gen/api/credential_stores';
import { HostCatalogServiceDefinition } from '../../proto/gen/api/host_catalogs';
import { HostSetServiceDefinition } from '../../proto/gen/api/host_sets';
import { ManagedGroupServiceDefinition } from '../../proto/gen/api/managed_groups';
import { RoleServiceDefinition } from '../../proto/gen/api/roles';
import { ScopeServiceDefinition } from '../../proto/gen/api/scopes';
import { SessionServiceDefinition } from '../../proto/gen/api/sessions';
import { TargetServiceDefinition } from '../../proto/gen/api/targets';
import { UserServiceDefinition } from '../../proto/gen/api/users';
import { WorkerServiceDefinition } from '../../proto/gen/api/workers';
import { readRoutes, type Route, type RouteTable } from '../../services/controller/gateway/routes';
import { CONTROLLER_LIMITS } from '../../services/controller/limits';
import { loadDescriptors, type Descriptors } from '../../services/controller/rpc/descriptors';
import { createPipeline, type Pipeline } from '../../services/controller/rpc/pipeline';
import type { ServiceDefinition } from '../../services/controller/rpc/service';
import { STILL } from './wire';

const DEFINITIONS: readonly ServiceDefinition[] = [
  AccountServiceDefinition,
  AliasServiceDefinition,
  AuthMethodServiceDefinition,
  CredentialServiceDefinition,
  CredentialLibraryServiceDefinition,
  CredentialStoreServiceDefinition,
  HostCatalogServiceDefinition,
  HostSetServiceDefinition,
  ManagedGroupServiceDefinition,
  RoleServiceDefinition,
  ScopeServiceDefinition,
  SessionServiceDefinition,
  TargetServiceDefinition,
  UserServiceDefinition,
  WorkerServiceDefinition,
];

export interface Api {
  descriptors: Descriptors;
  pipeline: Pipeline;
  table: RouteTable;
  /** In the order of their templates. */
  routes: readonly Route[];
}

/** Handlers answer with an empty message. */
export function openApi(): Api {
  const descriptors = loadDescriptors(readFileSync(packageFile('proto/gen/image.binpb')));
  const services = DEFINITIONS.map((definition) => ({
    definition,
    handlers: Object.fromEntries(Object.keys(definition.methods).map((name) => [name, () => Promise.resolve({})])),
  }));
  const pipeline = createPipeline(services, {
    log: createLogger('fuzz', { level: 'silent' }),
    clock: STILL,
    maxRequestDurationMs: 10_000,
    limits: CONTROLLER_LIMITS.defaults(),
    registry: new Registry(),
  });
  const table = readRoutes(descriptors, pipeline);
  const routes = [...table.collections.values()]
    .flat()
    .sort((a, b) => (`${a.template} ${a.httpMethod}` < `${b.template} ${b.httpMethod}` ? -1 : 1));
  return { descriptors, pipeline, table, routes };
}
