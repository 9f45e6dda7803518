/** Handlers of AuthMethodService: decode, look up, authorize, one store call, encode. */
import { resourceNotFound } from '../../../lib/errors/errors';
import { hasIdForm, newId } from '../../../lib/ids/ids';
import {
  AuthMethod,
  AuthMethodServiceDefinition,
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

export function authMethodService(deps: ControllerDeps, passwords: PasswordQueue) {
  const on = deps.db.executor;

  const collections = async (op: Op, row: AuthMethodRow) => {
    const at = { scopeId: row.scope_id, parentScopeId: row.scope.parent_scope_id, pin: row.id };
    return {
      authorized_collection_actions: await authorizedCollectionActions(deps.authz, op, AUTH_METHOD_COLLECTIONS, at),
    };
  };

  const definition: ListDefinition<AuthMethodRow, ReturnType<typeof authMethodItem>> = {
    type: 'auth-method',
    select: store.selectAuthMethods,
    from: sql`from auth_methods r`,
    resource: authMethodResource,
    actions: authMethodActions,
    item: authMethodItem,
    extra: collections,
    toJSON: (item) => AuthMethod.toJSON(AuthMethod.fromPartial(item)),
  };

  async function allow<A extends string>(
    op: Op,
    action: A,
    id: string,
  ): Promise<{ method: AuthMethodRow; allowed: Allowed<A> }> {
    const method = await store.findAuthMethod(on, id);
    if (method === undefined) throw resourceNotFound();
    return { method, allowed: await deps.authz.check(op, action, authMethodResource(method)) };
  }

  async function answer(op: Op, allowed: Allowed, id: string) {
    const method = await store.findAuthMethod(on, id);
    if (method === undefined) throw resourceNotFound();
    const shown = {
      decision: allowed.decision,
      resource: authMethodResource(method),
      actions: authMethodActions(method),
    };
    const item = { ...authMethodItem(method), ...(await collections(op, method)) };
    return { item: await present(deps.authz, op, shown, item) };
  }

  return service(AuthMethodServiceDefinition, {
    async getAuthMethod(op, { id }) {
      checkGetId(id, ...AUTH_METHOD_PREFIXES);
      const { allowed } = await allow(op, 'read', id);
      return answer(op, allowed, id);
    },

    async listAuthMethods(op, request) {
      new FieldErrors().require(isMethodScope(request.scope_id), 'scope_id', BAD_SCOPE).throwIfAny(MESSAGE.identifier);
      return listInScopes(deps, op, definition, request);
    },

    async createAuthMethod(op, request) {
      const item = request.item ?? AuthMethod.fromPartial({});
      const attributes = readPasswordAttributes(item.attributes);
      checkCreate(new FieldErrors(), item)
        .require(isMethodScope(item.scope_id), 'scope_id', BAD_SCOPE)
        .require(item.type === 'password', 'type', 'This is a required field and must be "password".')
        .require(!item.is_primary, 'is_primary', 'This field is read only.')
        .require(attributes !== undefined, 'attributes', BAD_ATTRIBUTES)
        .throwIfAny();
      const scope = await scopeNode(on, item.scope_id);
      const allowed = await deps.authz.check(op, 'create', collectionIn('auth-method', scope));
      const now = deps.clock.now();
      const id = newId(PASSWORD_METHOD_PREFIX);
      const [name, description] = [storedText(item.name), storedText(item.description)];
      const method = { id, scope_id: scope.id, name, description, attributes: attributes!, now };
      await transaction(deps.db, now, (tx) => store.insertPasswordMethod(tx, allowed, method));
      return answer(op, allowed, id);
    },

    async updateAuthMethod(op, request) {
      const { columns, attributes } = checkedUpdate(request);
      const { allowed } = await allow(op, 'update', request.id);
      const now = deps.clock.now();
      const change = { version: request.item!.version, columns: columns(), attributes, now };
      const done = await transaction(deps.db, now, (tx) => store.updateAuthMethod(tx, allowed, change));
      if (!done) throw staleVersion('Auth method', request.id);
      return answer(op, allowed, request.id);
    },

    async deleteAuthMethod(op, { id }) {
      checkDeleteId(id, ...AUTH_METHOD_PREFIXES);
      const { allowed } = await allow(op, 'delete', id);
      await transaction(deps.db, deps.clock.now(), (tx) => store.deleteAuthMethod(tx, allowed));
      return {};
    },

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
