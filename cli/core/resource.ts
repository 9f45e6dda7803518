/** The common part of the commands of one kind of resource. */
import type { ApiService } from './client';
import type { TextFlag } from './command';
import type { Field } from './fields';
import type { Presenter } from '../output/table';

/** What items are created in and listed by. */
export interface Container {
  flag: TextFlag;
  /** Field of items and of list requests. */
  field: string;
  /** `HostCatalog`, as messages about a missing one say it. */
  label: string;
  /** Lists may go below it. */
  recursive: boolean;
}

export interface Resource {
  /** In words: `host set`. */
  singular: string;
  plural: string;
  /** In names of methods: `HostSet`, `HostSets`. */
  message: string;
  messages: string;
  container: Container;
  /** Fields with flags besides name and description, by the table of the noun. */
  fields?: readonly Field[];
  presenter: Presenter;
  /**
   * The generated definition; loaded with the first call, as it brings the gRPC library with it.
   */
  service(): Promise<ApiService>;
}

const container = (name: string, field: string, label: string, what: string): Container => ({
  flag: { name, type: 'string', env: field.toUpperCase(), description: `Id of the ${what}.` },
  field,
  label,
  recursive: false,
});

export const SCOPE: Container = {
  flag: {
    name: 'scope-id',
    type: 'string',
    default: 'global',
    env: 'SCOPE_ID',
    description: 'Id of the scope: "global", an org or a project.',
  },
  field: 'scope_id',
  label: 'Scope',
  recursive: true,
};

export const AUTH_METHOD = container('auth-method-id', 'auth_method_id', 'AuthMethod', 'auth method');
export const CREDENTIAL_STORE = container(
  'credential-store-id',
  'credential_store_id',
  'CredentialStore',
  'credential store',
);
export const HOST_CATALOG = container('host-catalog-id', 'host_catalog_id', 'HostCatalog', 'host catalog');
