/** Handlers of AliasService: decode, look up, authorize, one store call, encode. */
import { ApiError, invalidArgument } from '../../../lib/errors/errors';
import { newId } from '../../../lib/ids/ids';
import { Alias, AliasServiceDefinition } from '../../../proto/gen/api/aliases';
import { toMake } from '../authz/proof';
import { notFound } from '../authz/refusal';
import type { ControllerDeps } from '../context';
import { sql, transaction, type Db, type Tx } from '../db/db';
import { changing } from '../resources/changes';
import { checkDeleteId, checkGetId, FieldErrors, isScopeId, MESSAGE } from '../resources/fields';
import { itemAccess, type ItemDefinition } from '../resources/items';
import { staleVersion } from '../resources/rows';
import { collectionIn, listInScopes } from '../resources/scope-lists';
import { service } from '../rpc/service';
import { ALIAS_ACTIONS, ALIAS_PREFIX, ALIAS_SCOPE, aliasItem, aliasResource, type AliasRow } from './aliases';
import { changedAliasColumns, HOST_ID_PATH, newAliasColumns } from './aliases.fields';
import * as store from './aliases.store';

const definition: ItemDefinition<'alias', AliasRow, ReturnType<typeof aliasItem>> = {
  type: 'alias',
  find: store.findAlias,
  select: store.selectAliases,
  from: sql`from aliases r`,
  resource: aliasResource,
  actions: () => ALIAS_ACTIONS,
  item: aliasItem,
  toJSON: (item) => Alias.toJSON(Alias.fromPartial(item)),
};

export function aliasService(deps: ControllerDeps) {
  const { allow, shown, answer } = itemAccess(deps, definition);

  return service(AliasServiceDefinition, {
    async getAlias(op, { id }) {
      checkGetId(id, ALIAS_PREFIX);
      const { row, allowed } = await allow(op, 'read', id);
      return shown(op, allowed, row);
    },

    async listAliases(op, request) {
      new FieldErrors()
        .require(isScopeId(request.scope_id), 'scope_id', 'Incorrectly formatted identifier.')
        .throwIfAny(MESSAGE.identifier);
      return listInScopes(deps, op, definition, request);
    },

    async createAlias(op, request) {
      const values = newAliasColumns(request.item ?? Alias.fromPartial({}));
      const may = await deps.authz.check(op, 'create', collectionIn('alias', ALIAS_SCOPE));
      const allowed = toMake(may, newId(ALIAS_PREFIX));
      const now = deps.clock.now();
      await leading(deps.db, now, (tx) => store.insertAlias(tx, allowed, { ...values, now }));
      return answer(op, allowed);
    },

    async updateAlias(op, request) {
      const columns = changedAliasColumns(request);
      const { row, allowed } = await allow(op, 'update', request.id);
      const version = request.item!.version;
      if (row.version !== version) throw staleVersion('Alias', request.id);
      checkDestination(row, columns);
      const now = deps.clock.now();
      const change = { version, columns, now };
      if (!(await leading(deps.db, now, (tx) => store.updateAlias(tx, allowed, change)))) {
        throw staleVersion('Alias', request.id);
      }
      return answer(op, allowed);
    },

    async deleteAlias(op, { id }) {
      checkDeleteId(id, ALIAS_PREFIX);
      const { allowed } = await allow(op, 'delete', id);
      await transaction(deps.db, deps.clock.now(), (tx) => store.deleteAlias(tx, allowed));
      return {};
    },
  });
}

/** Like {@link changing}, but with an error of its own for a destination that does not exist. */
async function leading<T>(db: Db, now: Date, work: (tx: Tx) => Promise<T>): Promise<T> {
  try {
    return await changing(db, now, work);
  } catch (error) {
    if (!(error instanceof ApiError) || error.kind !== 'NotFound') throw error;
    throw notFound('The target that destination_id names does not exist.', { shownKind: 'Internal' });
  }
}

/** A host needs a destination: the one that is stored, or one in the same request. */
function checkDestination(current: AliasRow, columns: Record<string, unknown>): void {
  const destination = 'destination_id' in columns ? columns['destination_id'] : current.destination_id;
  if (destination !== null || (columns['host_id'] ?? null) === null) return;
  throw invalidArgument(MESSAGE.request, [
    { name: 'destination_id', description: `This field is required when '${HOST_ID_PATH}' is specified.` },
  ]);
}
