/** Handlers of AuthMethodService: decode, look up, authorize, one store call, encode. */
import { resourceNotFound } from '../../../lib/errors/errors';
import { hasIdForm, newId } from '../../../lib/ids/ids';
import {
  AuthMethod,
  AuthMethodServiceDefinition,
  type CreateAuthMethodRequest,
  type DeleteAuthMethodRequest,
  type GetAuthMethodRequest,
  type ListAuthMethodsRequest,
  type UpdateAuthMethodRequest,
} from '../../../proto/gen/api/auth_methods';
import type { Allowed } from '../authz/authz';
import { authorizedCollectionActions } from '../authz/collections';
import type { ControllerDeps } from '../context';
import { sql, transaction } from '../db/db';
import {
  checkCreate,
  checkDeleteId,
  checkGetId,
  checkUpdate,
  FieldErrors,
  maskedColumns,
  MESSAGE,
  storedText,
} from '../resources/fields';
import type { ListDefinition } from '../resources/list';
import { present } from '../resources/present';
import { staleVersion } from '../resources/rows';
import { collectionIn, listInScopes, scopeNode } from '../resources/scope-lists';
import { service, type Op } from '../rpc/service';
import {
  AUTH_METHOD_COLLECTIONS,
  AUTH_METHOD_PREFIXES,
  authMethodActions,
  authMethodItem,
  authMethodResource,
  PASSWORD_DEFAULTS,
  PASSWORD_METHOD_PREFIX,
  readPasswordAttributes,
  type AuthMethodRow,
  type PasswordAttribute,
} from './auth-methods';
import * as store from './auth-methods.store';
import { authenticate } from './authenticate';
import type { PasswordQueue } from './passwords';

const BAD_SCOPE = "This field must be 'global' or a valid org scope id.";
const BAD_ATTRIBUTES = 'Attribute fields do not match the expected format.';
const MUTABLE: Record<string, string> = { name: 'name', description: 'description' };
const MUTABLE_ATTRIBUTES: Record<string, string> = Object.fromEntries(
  Object.keys(PASSWORD_DEFAULTS).map((name) => [`attributes.${name}`, name]),
);

const definition: ListDefinition<AuthMethodRow, ReturnType<typeof authMethodItem>> = {
  type: 'auth-method',
  select: store.selectAuthMethods,
  from: sql`from auth_methods r`,
  resource: authMethodResource,
  actions: authMethodActions,
  item: authMethodItem,
  toJSON: (item) => AuthMethod.toJSON(AuthMethod.fromPartial(item)),
};

class AuthMethodRpc {
  constructor(private readonly deps: ControllerDeps) {}

  private async collections(op: Op, row: AuthMethodRow) {
    const at = { scopeId: row.scope_id, parentScopeId: row.scope.parent_scope_id, pin: row.id };
    const allowed = await authorizedCollectionActions(this.deps.authz, op, AUTH_METHOD_COLLECTIONS, at);
    return { authorized_collection_actions: allowed };
  }

  private async allow<A extends string>(
    op: Op,
    action: A,
    id: string,
  ): Promise<{ method: AuthMethodRow; allowed: Allowed<A> }> {
    const method = await store.findAuthMethod(this.deps.db.executor, id);
    if (method === undefined) throw resourceNotFound();
    return { method, allowed: await this.deps.authz.check(op, action, authMethodResource(method)) };
  }

  private async answer(op: Op, allowed: Allowed, id: string) {
    const method = await store.findAuthMethod(this.deps.db.executor, id);
    if (method === undefined) throw resourceNotFound();
    const shown = {
      decision: allowed.decision,
      resource: authMethodResource(method),
      actions: authMethodActions(method),
    };
    const item = { ...authMethodItem(method), ...(await this.collections(op, method)) };
    return { item: await present(this.deps.authz, op, shown, item) };
  }

  async getAuthMethod(op: Op, { id }: GetAuthMethodRequest) {
    checkGetId(id, ...AUTH_METHOD_PREFIXES);
    const { allowed } = await this.allow(op, 'read', id);
    return this.answer(op, allowed, id);
  }

  async listAuthMethods(op: Op, request: ListAuthMethodsRequest) {
    new FieldErrors().require(isMethodScope(request.scope_id), 'scope_id', BAD_SCOPE).throwIfAny(MESSAGE.identifier);
    return listInScopes(this.deps, op, { ...definition, extra: (_op, row) => this.collections(op, row) }, request);
  }

  async createAuthMethod(op: Op, request: CreateAuthMethodRequest) {
    const item = request.item ?? AuthMethod.fromPartial({});
    const attributes = readPasswordAttributes(item.attributes);
    checkCreate(new FieldErrors(), item)
      .require(isMethodScope(item.scope_id), 'scope_id', BAD_SCOPE)
      .require(item.type === 'password', 'type', 'This is a required field and must be "password".')
      .require(!item.is_primary, 'is_primary', 'This field is read only.')
      .require(attributes !== undefined, 'attributes', BAD_ATTRIBUTES)
      .throwIfAny();
    const scope = await scopeNode(this.deps.db.executor, item.scope_id);
    const allowed = await this.deps.authz.check(op, 'create', collectionIn('auth-method', scope));
    const now = this.deps.clock.now();
    const id = newId(PASSWORD_METHOD_PREFIX);
    const [name, description] = [storedText(item.name), storedText(item.description)];
    const method = { id, scope_id: scope.id, name, description, attributes: attributes!, now };
    await transaction(this.deps.db, now, (tx) => store.insertPasswordMethod(tx, allowed, method));
    return this.answer(op, allowed, id);
  }

  async updateAuthMethod(op: Op, request: UpdateAuthMethodRequest) {
    const { columns, attributes } = checkedUpdate(request);
    const { allowed } = await this.allow(op, 'update', request.id);
    const now = this.deps.clock.now();
    const change = { version: request.item!.version, columns: columns(), attributes, now };
    const done = await transaction(this.deps.db, now, (tx) => store.updateAuthMethod(tx, allowed, change));
    if (!done) throw staleVersion('Auth method', request.id);
    return this.answer(op, allowed, request.id);
  }

  async deleteAuthMethod(op: Op, { id }: DeleteAuthMethodRequest) {
    checkDeleteId(id, ...AUTH_METHOD_PREFIXES);
    const { allowed } = await this.allow(op, 'delete', id);
    await transaction(this.deps.db, this.deps.clock.now(), (tx) => store.deleteAuthMethod(tx, allowed));
    return {};
  }
}

export function authMethodService(deps: ControllerDeps, passwords: PasswordQueue) {
  const rpc = new AuthMethodRpc(deps);
  return service(AuthMethodServiceDefinition, {
    getAuthMethod: (op, request) => rpc.getAuthMethod(op, request),
    listAuthMethods: (op, request) => rpc.listAuthMethods(op, request),
    createAuthMethod: (op, request) => rpc.createAuthMethod(op, request),
    updateAuthMethod: (op, request) => rpc.updateAuthMethod(op, request),
    deleteAuthMethod: (op, request) => rpc.deleteAuthMethod(op, request),
    authenticate: (op, request) => authenticate(deps, passwords, op, request),
  });
}

const isMethodScope = (id: string): boolean => id === 'global' || hasIdForm(id, 'o');

/** `columns` throws when the mask names nothing to change, which callers learn only when they may update at all. */
function checkedUpdate(request: UpdateAuthMethodRequest) {
  const item = request.item;
  const read = readPasswordAttributes(item?.attributes);
  checkUpdate(new FieldErrors(), request, AUTH_METHOD_PREFIXES)
    .require(!item?.type || item.type === 'password', 'type', 'Cannot modify resource type.')
    .require(read !== undefined, 'attributes', BAD_ATTRIBUTES)
    .throwIfAny();
  const mask = request.update_mask!;
  const attributes = Object.fromEntries(
    mask.flatMap((path) => {
      const name = MUTABLE_ATTRIBUTES[path] as PasswordAttribute | undefined;
      return name === undefined ? [] : [[name, read![name]]];
    }),
  );
  const columns = (): Record<string, unknown> => {
    const named = mask.filter((path) => path in MUTABLE);
    if (named.length === 0 && Object.keys(attributes).length > 0) return {};
    return maskedColumns(mask, MUTABLE, (path) => storedText(item![path as 'name' | 'description']));
  };
  return { columns, attributes };
}
