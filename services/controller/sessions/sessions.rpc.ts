/** Handlers of SessionService. Callers who own a session may act on it with the `:self` actions. */
import { isIdOf } from '../../../lib/contract/id-prefixes';
import { hasIdForm } from '../../../lib/ids/ids';
import { Session, SessionServiceDefinition } from '../../../proto/gen/api/sessions';
import type { ActionOn } from '../authz/actions';
import type { AllowedItem } from '../authz/authz';
import { checkOwn } from '../authz/own';
import { existing, notFound } from '../authz/refusal';
import type { ControllerDeps } from '../context';
import { transaction } from '../db/db';
import { checkGetId, FieldErrors, MESSAGE } from '../resources/fields';
import type { ListDefinition } from '../resources/list';
import { present } from '../resources/present';
import { staleVersion } from '../resources/rows';
import { listInScopes } from '../resources/scope-lists';
import { service, type Op } from '../rpc/service';
import { isLive, SESSION_ACTIONS, SESSION_PREFIX, sessionItem, sessionResource, type SessionRow } from './sessions';
import * as store from './sessions.store';

const listDefinition = (includeTerminated: boolean): ListDefinition<SessionRow, ReturnType<typeof sessionItem>> => ({
  type: 'session',
  select: store.selectSessions(includeTerminated),
  from: store.fromSessions(includeTerminated),
  long: [],
  resource: sessionResource,
  actions: () => SESSION_ACTIONS,
  owner: (session) => session.user_id,
  item: sessionItem,
  toJSON: (item) => Session.toJSON(Session.fromPartial(item)),
});

/** Read, list and cancel of sessions. */
export function sessionService(deps: ControllerDeps) {
  const on = deps.db.executor;

  async function allow<A extends 'read' | 'cancel', S extends `${A}:self`>(
    op: Op,
    [plain, self]: readonly [A, S & ActionOn<'session'>],
    session: SessionRow,
  ) {
    const item = sessionResource(session);
    // A session whose project is gone is in no scope: no grant can reach it.
    if (session.scope === null) return deps.authz.refuse(op, self, item);
    return checkOwn(deps.authz, op, [plain, self], { item, ownerId: session.user_id });
  }

  async function answer(op: Op, allowed: AllowedItem<'session'>, session: SessionRow) {
    const shown = { decision: allowed.decision, resource: sessionResource(session), actions: SESSION_ACTIONS };
    return { item: await present(deps.authz, op, shown, sessionItem(session)) };
  }

  return service(SessionServiceDefinition, {
    async getSession(op, { id }) {
      checkGetId(id, SESSION_PREFIX);
      const session = existing(await store.findSessionWithConnections(on, id));
      return answer(op, await allow(op, ['read', 'read:self'], session), session);
    },

    async listSessions(op, request) {
      const within = request.recursive
        ? request.scope_id === 'global' || isIdOf(request.scope_id, 'scope')
        : isIdOf(request.scope_id, 'scope', 'project');
      new FieldErrors()
        .require(
          within,
          'scope_id',
          'This field must be a valid project scope ID or the list operation must be recursive.',
        )
        .throwIfAny(MESSAGE.identifier);
      return listInScopes(deps, op, listDefinition(request.include_terminated), request);
    },

    async cancelSession(op, { id, version }) {
      new FieldErrors()
        .require(hasIdForm(id, SESSION_PREFIX), 'id', 'Improperly formatted identifier.')
        .require(version > 0, 'version', 'Required field.')
        .throwIfAny(MESSAGE.identifier);
      const session = existing(await store.findSession(on, id));
      const allowed = await allow(op, ['cancel', 'cancel:self'], session);
      const now = deps.clock.now();
      const after = await transaction(deps.db, now, async (tx) => {
        const canceled = await store.cancelSession(tx, allowed, { version, now });
        const found = await store.findSession(tx, id);
        if (!canceled && found !== undefined && isLive(found.status)) throw staleVersion('Session', id);
        return found;
      });
      if (after === undefined) throw notFound();
      return answer(op, allowed, after);
    },
  });
}
