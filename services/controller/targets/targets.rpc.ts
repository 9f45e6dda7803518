/** Handlers of TargetService: decode, look up, authorize, one store call, encode. */
import { ApiError, invalidArgument } from '../../../lib/errors/errors';
import { newId } from '../../../lib/ids/ids';
import { Target, TargetServiceDefinition } from '../../../proto/gen/api/targets';
import type { Allowed } from '../authz/authz';
import { toMake } from '../authz/proof';
import type { ControllerDeps } from '../context';
import { sql, transaction, type Tx } from '../db/db';
import { isIdOf } from '../../../lib/contract/id-prefixes';
import { changing } from '../resources/changes';
import { checkDeleteId, checkGetId, checkListEdit, MESSAGE, sameSet, unique } from '../resources/fields';
import { itemAccess, type ItemAccess, type ItemDefinition } from '../resources/items';
import { listChanges, unable, verbOf, type ListEdit, type ListVerb } from '../resources/list-edits';
import { staleVersion } from '../resources/rows';
import { checkProjectList, collectionIn, listInScopes, scopeNode } from '../resources/scope-lists';
import { service, type Handlers, type Op } from '../rpc/service';
import { credentialSourceEditor } from './credential-sources';
import {
  TARGET_ACTIONS,
  TARGET_PREFIXES,
  targetItem,
  targetResource,
  TCP_TARGET_PREFIX,
  type TargetRow,
} from './targets';
import { allowAliases, insertAliases, resolvingAliases } from './targets.aliases';
import { changedTargetColumns, newTargetColumns } from './targets.fields';
import * as store from './targets.store';

const definition: ItemDefinition<'target', TargetRow, ReturnType<typeof targetItem>> = {
  type: 'target',
  find: store.findTarget,
  select: store.selectTargets,
  from: sql`from targets r`,
  long: ['description', 'worker_filter', 'egress_worker_filter'],
  resource: targetResource,
  actions: () => TARGET_ACTIONS,
  item: targetItem,
  toJSON: (item) => Target.toJSON(Target.fromPartial(item)),
};

/** Opens a session to a target. */
export type AuthorizeSession = Handlers<typeof TargetServiceDefinition>['authorizeSession'];

/** The three actions on the host sources of a target. */
const hostSourceEditor =
  (deps: ControllerDeps, { allow, shown, answer }: ItemAccess<'target', TargetRow, ReturnType<typeof targetItem>>) =>
  async (op: Op, verb: ListVerb, request: { id: string; version: number; host_source_ids: string[] }) => {
    const wanted = unique(request.host_source_ids);
    checkHostSources(request, wanted, verb === 'set');
    const { row, allowed } = await allow(op, `${verb}-host-sources`, request.id);
    const current = (row.host_sources ?? []).map((source) => source.id);
    if (verb === 'set' && row.version === request.version && sameSet(current, wanted)) return shown(op, allowed, row);
    const now = deps.clock.now();
    await changing(deps.db, now, async (tx) => {
      const target = await lock(tx, allowed, request.version);
      if (target.address !== null && verb !== 'remove' && wanted.length > 0) {
        throw conflict('The target has an address: clear it before adding host sources.');
      }
      await store.updateTarget(tx, allowed, { version: request.version, columns: {}, now });
      await applyHostSources(tx, allowed, listChanges(verb, target.host_set_ids, wanted));
    });
    return answer(op, allowed);
  };

/** `authorizeSession` serves the action of that name. */
export function targetService(deps: ControllerDeps, authorizeSession: AuthorizeSession) {
  const access = itemAccess(deps, definition);
  const { allow, shown, answer } = access;
  const editHostSources = hostSourceEditor(deps, access);
  const editCredentialSources = credentialSourceEditor(deps, access);

  const handlers: Handlers<typeof TargetServiceDefinition> = {
    async getTarget(op, { id }) {
      checkGetId(id, ...TARGET_PREFIXES);
      const { row, allowed } = await allow(op, 'read', id);
      return shown(op, allowed, row);
    },

    async listTargets(op, request) {
      checkProjectList(request);
      return listInScopes(deps, op, definition, request);
    },

    async createTarget(op, request) {
      const item = request.item ?? Target.fromPartial({});
      const { aliases, values } = newTargetColumns(item);
      const scope = await scopeNode(deps.db.executor, item.scope_id);
      const may = await deps.authz.check(op, 'create', collectionIn('target', scope));
      const allowed = toMake(may, newId(TCP_TARGET_PREFIX));
      const aliasesAllowed = await allowAliases(deps.authz, op, aliases);
      const now = deps.clock.now();
      await changing(deps.db, now, async (tx) => {
        await store.insertTarget(tx, allowed, { values, now });
        await insertAliases(tx, aliasesAllowed, { id: allowed.id, now }, aliases);
      });
      return answer(op, allowed);
    },

    async updateTarget(op, request) {
      const columns = changedTargetColumns(request);
      const { allowed } = await allow(op, 'update', request.id);
      const version = request.item!.version;
      const now = deps.clock.now();
      await changing(deps.db, now, async (tx) => {
        const target = await lock(tx, allowed, version);
        checkAgainst(target, columns);
        await store.updateTarget(tx, allowed, { version, columns, now });
      });
      return answer(op, allowed);
    },

    async deleteTarget(op, { id }) {
      checkDeleteId(id, ...TARGET_PREFIXES);
      const { allowed } = await allow(op, 'delete', id);
      await transaction(deps.db, deps.clock.now(), (tx) => store.deleteTarget(tx, allowed));
      return {};
    },

    addTargetHostSources: (op, request) => editHostSources(op, 'add', request),
    setTargetHostSources: (op, request) => editHostSources(op, 'set', request),
    removeTargetHostSources: (op, request) => editHostSources(op, 'remove', request),
    addTargetCredentialSources: (op, request) => editCredentialSources(op, 'add', request),
    setTargetCredentialSources: (op, request) => editCredentialSources(op, 'set', request),
    removeTargetCredentialSources: (op, request) => editCredentialSources(op, 'remove', request),
    authorizeSession,
  };
  return service(TargetServiceDefinition, resolvingAliases(deps, handlers));
}

const conflict = (message: string): ApiError => new ApiError('FailedPrecondition', message);

/** Locks the target's row; 404 when it is gone or not in the version that the caller has seen. */
async function lock(
  tx: Tx,
  allowed: Parameters<typeof store.lockTarget>[1],
  version: number,
): Promise<store.LockedTarget> {
  const target = await store.lockTarget(tx, allowed);
  if (target === undefined || target.version !== version) throw staleVersion('Target', allowed.id);
  return target;
}

/** Rules of an update that depend on what the target is now. */
function checkAgainst(target: store.LockedTarget, columns: Record<string, unknown>): void {
  if ((columns['address'] ?? null) !== null && target.host_set_ids.length > 0) {
    throw conflict('The target has host sources: remove them before setting an address.');
  }
  if ((columns['worker_filter'] ?? null) !== null && target.worker_filter === null) {
    throw invalidArgument(MESSAGE.request, [
      { name: 'worker_filter', description: 'This field is deprecated. Use egress_worker_filter instead.' },
    ]);
  }
  // An egress filter replaces the old one.
  if ((columns['egress_worker_filter'] ?? null) !== null) columns['worker_filter'] = null;
}

function checkHostSources(request: { id: string; version: number }, ids: string[], mayBeEmpty: boolean): void {
  const errors = checkListEdit(request, TARGET_PREFIXES, { field: 'host_source_ids', values: ids, mayBeEmpty });
  for (const id of ids) {
    const text = `Incorrectly formatted host source identifier "${id}".`;
    errors.require(isIdOf(id, 'host-set'), 'host_source_ids', text);
  }
  errors.throwIfAny(MESSAGE.fields);
}

async function applyHostSources(
  tx: Tx,
  allowed: Allowed<'target', ListEdit<'host-sources'>>,
  { added, removed }: { added: string[]; removed: string[] },
): Promise<void> {
  const verb = verbOf(allowed.action);
  if (
    removed.length > 0 &&
    allowed.action !== 'add-host-sources' &&
    (await store.removeHostSources(tx, allowed, removed)) !== removed.length
  ) {
    throw invalidArgument(`${unable(verb, 'host sources', 'target')}: it does not have all of them.`, [
      { name: 'host_source_ids', description: 'Must only contain host sources of the target.' },
    ]);
  }
  if (
    added.length > 0 &&
    allowed.action !== 'remove-host-sources' &&
    (await store.addHostSources(tx, allowed, added)) !== added.length
  ) {
    throw invalidArgument(`${unable(verb, 'host sources', 'target')}: not all of them are host sets of its project.`, [
      { name: 'host_source_ids', description: "Must only contain host sets of the target's project." },
    ]);
  }
}
