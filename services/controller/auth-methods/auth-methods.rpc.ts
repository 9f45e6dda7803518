/** Handlers of AuthMethodService: decode, look up, authorize, one store call, encode. */
import { isIdOf, newIdOf } from '../../../lib/contract/id-prefixes';
import {
  AuthMethod,
  AuthMethodServiceDefinition,
  type ChangeStateRequest,
  type CreateAuthMethodRequest,
  type DeleteAuthMethodRequest,
  type GetAuthMethodRequest,
  type ListAuthMethodsRequest,
  type UpdateAuthMethodRequest,
} from '../../../proto/gen/api/auth_methods';
import { authorizedCollectionActions } from '../authz/collections';
import { toMake } from '../authz/proof';
import type { ControllerDeps } from '../context';
import { transaction } from '../db/db';
import { changing } from '../resources/changes';
import {
  checkCreate,
  checkShortText,
  checkDeleteId,
  checkGetId,
  checkUpdate,
  FieldErrors,
  maskedColumns,
  MESSAGE,
  storedText,
} from '../resources/fields';
import { itemAccess, type ItemAccess, type ItemDefinition } from '../resources/items';
import { staleVersion } from '../resources/rows';
import { collectionIn, listInScopes, scopeNode } from '../resources/scope-lists';
import { service, type Op } from '../rpc/service';
import type { AttributeRules, Columns } from './attribute-rules';
import {
  AUTH_METHOD_COLLECTIONS,
  AUTH_METHOD_PREFIXES,
  authMethodActions,
  authMethodItem,
  authMethodResource,
  isMethodType,
  typeOfMethodId,
  type AuthMethodRow,
  type MethodType,
} from './auth-methods';
import * as store from './auth-methods.store';
import { authenticate } from './authenticate';
import { checkPairs, ldapRules } from './ldap';
import { sealSecrets } from './method-secrets';
import { oidcRules, type OidcSettings } from './oidc';
import { checkUsable, columnsOfState, readStateChange } from './oidc-state';
import { passwordRules } from './password';
import { LoginNetworks } from './login-networks';
import type { PasswordQueue } from './passwords';

const BAD_SCOPE = "This field must be 'global' or a valid org scope id.";
const BAD_TYPE = 'This is a required field and must be "password".';
const MUTABLE = { name: 'name', description: 'description' };
const ATTRIBUTE = 'attributes.';

const RULES: Readonly<Record<MethodType, AttributeRules>> = {
  password: passwordRules,
  oidc: oidcRules,
  ldap: ldapRules,
};

type Item = ReturnType<typeof authMethodItem>;

class AuthMethodRpc {
  private readonly definition: ItemDefinition<'auth-method', AuthMethodRow, Item> = {
    type: 'auth-method',
    find: store.findAuthMethod,
    select: store.selectAuthMethods,
    from: store.fromAuthMethods,
    resource: authMethodResource,
    actions: authMethodActions,
    item: authMethodItem,
    extra: (op, row) => this.collections(op, row),
    toJSON: (item) => AuthMethod.toJSON(AuthMethod.fromPartial(item)),
  };
  private readonly access: ItemAccess<'auth-method', AuthMethodRow, Item>;

  constructor(private readonly deps: ControllerDeps) {
    this.access = itemAccess(deps, this.definition);
  }

  private async collections(op: Op, row: AuthMethodRow) {
    const at = { scopeId: row.scope_id, parentScopeId: row.scope.parent_scope_id, pin: row.id };
    const allowed = await authorizedCollectionActions(this.deps.authz, op, AUTH_METHOD_COLLECTIONS, at);
    return { authorized_collection_actions: allowed };
  }

  async getAuthMethod(op: Op, { id }: GetAuthMethodRequest) {
    checkGetId(id, ...AUTH_METHOD_PREFIXES);
    const { row, allowed } = await this.access.allow(op, 'read', id);
    return this.access.shown(op, allowed, row);
  }

  async listAuthMethods(op: Op, request: ListAuthMethodsRequest) {
    new FieldErrors().require(isMethodScope(request.scope_id), 'scope_id', BAD_SCOPE).throwIfAny(MESSAGE.identifier);
    const place = { type: 'auth-method', scopeId: request.scope_id, parentScopeId: 'global' } as const;
    const { userId } = await this.deps.authz.actor(op, request.recursive ? 'everywhere' : place);
    const only = userId === 'u_anon' ? store.isPublic : undefined;
    return listInScopes(this.deps, op, this.definition, request, only);
  }

  async createAuthMethod(op: Op, request: CreateAuthMethodRequest) {
    const item = request.item ?? AuthMethod.fromPartial({});
    const errors = checkCreate(new FieldErrors(), item)
      .require(isMethodScope(item.scope_id), 'scope_id', BAD_SCOPE)
      .require(isMethodType(item.type), 'type', BAD_TYPE)
      .require(!item.is_primary, 'is_primary', 'This field is read only.');
    const type = isMethodType(item.type) ? item.type : 'password';
    checkMethodText(errors, type, item);
    const columns = RULES[type].create(errors, item.attributes);
    if (type === 'ldap') checkPairs(errors, columns);
    errors.throwIfAny();
    const scope = await scopeNode(this.deps.db.executor, item.scope_id);
    const may = await this.deps.authz.check(op, 'create', collectionIn('auth-method', scope));
    const allowed = toMake(may, newIdOf('auth-method', type));
    const now = this.deps.clock.now();
    const [name, description] = [storedText(item.name), storedText(item.description)];
    await changing(this.deps.db, now, async (tx) => {
      const settings = await this.sealed(tx, { id: allowed.id, scopeId: allowed.scopeId, type }, columns, columns);
      const method = { type, name, description, settings, now };
      await store.insertAuthMethod(tx, allowed, method);
    });
    const { item: made } = await this.access.answer(op, allowed);
    return { item: type === 'oidc' ? inGivenOrder(made, columns) : made };
  }

  private sealed(
    on: Parameters<typeof sealSecrets>[1],
    method: { id: string; scopeId: string; type: MethodType },
    columns: Columns,
    whole: Columns,
  ): Promise<Columns> {
    const { secrets, place } = RULES[method.type];
    return sealSecrets(this.deps.kms, on, method, secrets, columns, place(whole));
  }

  async updateAuthMethod(op: Op, request: UpdateAuthMethodRequest) {
    const { type, columns, settings, dryRun } = checkedUpdate(request);
    const { row, allowed } = await this.access.allow(op, 'update', request.id);
    const common = columns();
    const whole = await this.checkResult(op, row, settings);
    if (dryRun) {
      if (row.version !== request.item!.version) throw staleVersion('AuthMethod', row.id);
      return this.access.shown(op, allowed, { ...row, ...common, oidc: whole });
    }
    const now = this.deps.clock.now();
    const done = await changing(this.deps.db, now, async (tx) => {
      const sealed = await this.sealed(tx, { id: row.id, scopeId: row.scope_id, type }, settings, {
        ...(row.oidc ?? row.ldap),
        ...settings,
      });
      const change = { version: request.item!.version, columns: common, settings: sealed, now };
      return store.updateAuthMethod(tx, allowed, type, change);
    });
    if (!done) throw staleVersion('AuthMethod', request.id);
    return this.access.answer(op, allowed);
  }

  /** Checks the method as the change would leave it. Answers its OIDC settings. */
  private async checkResult(op: Op, row: AuthMethodRow, settings: Columns): Promise<OidcSettings | null> {
    if (row.ldap !== null) {
      const { bind_password_hmac: bind_password, client_certificate_key_hmac: client_certificate_key } = row.ldap;
      const errors = new FieldErrors();
      checkPairs(errors, { ...row.ldap, bind_password, client_certificate_key, ...settings });
      errors.throwIfAny();
    }
    if (row.oidc === null) return null;
    const { client_secret: secret, ...open } = settings;
    const whole = { ...row.oidc, ...open };
    // A secret in the request is given for the settings of the same request.
    if (secret !== undefined) Object.assign(whole, { client_secret_place: oidcRules.place(whole) });
    if (Object.keys(settings).length > 0) await checkUsable(whole, this.deps.outgoing, op.signal);
    return whole;
  }

  async deleteAuthMethod(op: Op, { id }: DeleteAuthMethodRequest) {
    checkDeleteId(id, ...AUTH_METHOD_PREFIXES);
    const { allowed } = await this.access.allow(op, 'delete', id);
    await transaction(this.deps.db, this.deps.clock.now(), (tx) => store.deleteAuthMethod(tx, allowed));
    return {};
  }

  async changeState(op: Op, request: ChangeStateRequest) {
    const wanted = readStateChange(request);
    const { row, allowed } = await this.access.allow(op, 'change-state', request.id);
    if (row.version !== request.version) throw staleVersion('AuthMethod', request.id);
    const settings = columnsOfState(row.oidc!, wanted);
    if (Object.keys(settings).length === 0) return this.access.shown(op, allowed, row);
    await checkUsable({ ...row.oidc!, ...settings }, this.deps.outgoing, op.signal);
    const now = this.deps.clock.now();
    const change = { version: request.version, columns: {}, settings, now };
    const done = await changing(this.deps.db, now, (tx) => store.updateAuthMethod(tx, allowed, 'oidc', change));
    if (!done) throw staleVersion('AuthMethod', request.id);
    return this.access.answer(op, allowed);
  }
}

export function authMethodService(deps: ControllerDeps, passwords: PasswordQueue) {
  const rpc = new AuthMethodRpc(deps);
  const login = { ...deps, passwords, networks: new LoginNetworks(deps) };
  return service(AuthMethodServiceDefinition, {
    getAuthMethod: (op, request) => rpc.getAuthMethod(op, request),
    listAuthMethods: (op, request) => rpc.listAuthMethods(op, request),
    createAuthMethod: (op, request) => rpc.createAuthMethod(op, request),
    updateAuthMethod: (op, request) => rpc.updateAuthMethod(op, request),
    deleteAuthMethod: (op, request) => rpc.deleteAuthMethod(op, request),
    authenticate: (op, request) => authenticate(login, op, request),
    changeState: (op, request) => rpc.changeState(op, request),
  });
}

const isMethodScope = (id: string): boolean => id === 'global' || isIdOf(id, 'scope', 'org');

/**
 * Answers a create with lists in the given order, because clients compare the answer with their
 * plan. Reads answer sorted lists.
 */
function inGivenOrder<T extends { attributes?: Record<string, unknown> }>(item: T, columns: Columns): T {
  if (item.attributes === undefined) return item;
  const attributes = Object.entries(item.attributes).map(([name, value]) => [
    name,
    Array.isArray(value) ? (columns[name] ?? value) : value,
  ]);
  return { ...item, attributes: Object.fromEntries(attributes) as Record<string, unknown> };
}

/** Descriptions of password auth methods may be longer than those of the others. */
function checkMethodText(
  errors: FieldErrors,
  type: MethodType,
  item: { name?: string | undefined; description?: string | undefined },
): void {
  checkShortText(errors, type === 'password' ? { name: item.name } : item);
}

/**
 * `columns` throws when the mask names nothing to change. Only callers who may update learn this.
 */
function checkedUpdate(request: UpdateAuthMethodRequest) {
  const item = request.item;
  const type = typeOfMethodId(request.id) ?? 'password';
  const errors = checkUpdate(new FieldErrors(), request, AUTH_METHOD_PREFIXES);
  errors.require(!item?.type || item.type === type, 'type', 'Cannot modify the resource type.');
  const mask = request.update_mask ?? [];
  const named = mask.flatMap((path) =>
    path === 'attributes'
      ? Object.keys(item?.attributes ?? {})
      : path.startsWith(ATTRIBUTE)
        ? [path.slice(ATTRIBUTE.length)]
        : [],
  );
  checkMethodText(errors, type, item ?? {});
  const settings = RULES[type].update(errors, item?.attributes, named);
  errors.throwIfAny();
  const columns = (): Columns => {
    if (Object.keys(settings).length > 0 && !mask.some((path) => Object.hasOwn(MUTABLE, path))) return {};
    return maskedColumns(mask, MUTABLE, (path) => storedText(item![path as keyof typeof MUTABLE]));
  };
  const dryRun = type === 'oidc' && named.includes('dry_run') && item?.attributes?.['dry_run'] === true;
  return { type, columns, settings, dryRun };
}
