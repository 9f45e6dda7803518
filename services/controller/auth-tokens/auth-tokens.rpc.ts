/** Handlers of AuthTokenService. Deleting the own token is logging out. */
import { isIdOf } from '../../../lib/contract/id-prefixes';
import { AuthToken, AuthTokenServiceDefinition } from '../../../proto/gen/api/auth_tokens';
import { checkOwn } from '../authz/own';
import { existing } from '../authz/refusal';
import type { ControllerDeps } from '../context';
import { sql, transaction } from '../db/db';
import { checkDeleteId, checkGetId, FieldErrors, MESSAGE } from '../resources/fields';
import type { ListDefinition } from '../resources/list';
import { present } from '../resources/present';
import { listInScopes } from '../resources/scope-lists';
import { service } from '../rpc/service';
import {
  AUTH_TOKEN_ACTIONS,
  AUTH_TOKEN_PREFIX,
  authTokenItem,
  authTokenResource,
  type AuthTokenRow,
} from './auth-tokens';
import * as store from './auth-tokens.store';

const definition: ListDefinition<AuthTokenRow, ReturnType<typeof authTokenItem>> = {
  type: 'auth-token',
  select: store.selectTokens,
  from: sql`from auth_tokens r`,
  long: [],
  resource: authTokenResource,
  actions: () => AUTH_TOKEN_ACTIONS,
  owner: (row) => row.user_id,
  item: authTokenItem,
  toJSON: (item) => AuthToken.toJSON(AuthToken.fromPartial(item)),
};

const owned = (token: AuthTokenRow) => ({ item: authTokenResource(token), ownerId: token.user_id });

export function authTokenService(deps: ControllerDeps) {
  const on = deps.db.executor;

  return service(AuthTokenServiceDefinition, {
    async getAuthToken(op, { id }) {
      checkGetId(id, AUTH_TOKEN_PREFIX);
      const token = existing(await store.findToken(on, id));
      const allowed = await checkOwn(deps.authz, op, ['read', 'read:self'], owned(token));
      const shown = { decision: allowed.decision, resource: authTokenResource(token), actions: AUTH_TOKEN_ACTIONS };
      return { item: await present(deps.authz, op, shown, authTokenItem(token)) };
    },

    async listAuthTokens(op, request) {
      const scope = request.scope_id;
      new FieldErrors()
        .require(
          scope === 'global' || isIdOf(scope, 'scope', 'org'),
          'scope_id',
          "This field must be 'global' or a valid org scope id.",
        )
        .throwIfAny(MESSAGE.identifier);
      return listInScopes(deps, op, definition, request);
    },

    async deleteAuthToken(op, { id }) {
      checkDeleteId(id, AUTH_TOKEN_PREFIX);
      const token = existing(await store.findToken(on, id));
      const allowed = await checkOwn(deps.authz, op, ['delete', 'delete:self'], owned(token));
      await transaction(deps.db, deps.clock.now(), (tx) => store.deleteToken(tx, allowed));
      return {};
    },
  });
}
