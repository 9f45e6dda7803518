/** Handlers of ScopeService that are about the keys of a scope. */
import { isIdOf } from '../../../lib/contract/id-prefixes';
import { ApiError } from '../../../lib/errors/errors';
import type { ScopeServiceDefinition } from '../../../proto/gen/api/scopes';
import type { ActionOn } from '../authz/actions';
import { existing } from '../authz/refusal';
import type { ControllerDeps } from '../context';
import { transaction } from '../db/db';
import { destroyKeyVersion } from '../kms/destruction';
import { jobsOf } from '../kms/destruction.store';
import { keysOf } from '../kms/rotation.store';
import { FieldErrors, isScopeId } from '../resources/fields';
import { scopeInfo } from '../resources/rows';
import { collectionIn } from '../resources/scope-lists';
import { repeatedScope, wholeList } from '../resources/whole-list';
import type { Handlers, Op } from '../rpc/service';
import { scopeResource, type ScopeRow } from './scopes';
import { findScope } from './scopes.store';

type KeyHandlers = Pick<
  Handlers<typeof ScopeServiceDefinition>,
  | 'listKeys'
  | 'rotateKeys'
  | 'listKeyVersionDestructionJobs'
  | 'destroyKeyVersion'
  | 'attachStoragePolicy'
  | 'detachStoragePolicy'
>;

const LISTING_KEYS = 'listing keys';

const noPolicies = (): ApiError => new ApiError('Unimplemented', 'Policies are an Enterprise-only feature');

export function scopeKeyHandlers(deps: ControllerDeps): KeyHandlers {
  const on = deps.db.executor;

  const find = async (id: string): Promise<ScopeRow> => existing(await findScope(on, id));

  /** The scope, once the caller may perform the action on the keys in it. */
  async function keysIn<const A extends ActionOn<'scope'>>(op: Op, action: A, id: string) {
    const scope = await find(id);
    return { scope, allowed: await deps.authz.check(op, action, collectionIn('scope', scope)) };
  }

  return {
    async listKeys(op, { id }) {
      checkScope('id', id, LISTING_KEYS);
      const { scope, allowed } = await keysIn(op, 'list-keys', id);
      const keys = await keysOf(on, allowed);
      const shown = repeatedScope(ownInfo(scope), keys.length);
      const items = await wholeList(op, keys, (key) => ({
        ...key,
        scope: shown,
        versions: key.versions.map((version) => ({ ...version, created_time: new Date(version.created_time) })),
      }));
      return { items };
    },

    async rotateKeys(op, request) {
      const scopeId = request.scope_id === '' ? 'global' : request.scope_id;
      // Clients know this text of rotations too.
      checkScope('id', scopeId, LISTING_KEYS);
      // Unlike the others an action on the scope itself, so it is authorized where the scope lives.
      const allowed = await deps.authz.check(op, 'rotate-keys', scopeResource(await find(scopeId)));
      const now = deps.clock.now();
      await transaction(deps.db, now, (tx) => deps.kms.rotateScopeKeys(tx, allowed, request.rewrap, now));
      deps.kms.forgetKeys();
      return {};
    },

    async listKeyVersionDestructionJobs(op, { scope_id }) {
      checkScope('scope_id', scope_id, 'listing key version destruction jobs');
      const { scope, allowed } = await keysIn(op, 'list-key-version-destruction-jobs', scope_id);
      const jobs = await jobsOf(on, allowed);
      const shown = repeatedScope(ownInfo(scope), jobs.length);
      return { items: await wholeList(op, jobs, (job) => ({ ...job, scope: shown })) };
    },

    async destroyKeyVersion(op, { scope_id, key_version_id }) {
      const known = isIdOf(key_version_id, 'key-version');
      const errors = new FieldErrors();
      errors.require(known, 'key_version_id', 'Must be a valid KEK or DEK version ID.');
      checkScope('scope_id', scope_id, 'destroying a key version', errors);
      const { allowed } = await keysIn(op, 'destroy-key-version', scope_id);
      return { state: await destroyKeyVersion(deps, allowed, key_version_id, deps.clock.now()) };
    },

    attachStoragePolicy: () => Promise.reject(noPolicies()),
    detachStoragePolicy: () => Promise.reject(noPolicies()),
  };
}

function checkScope(field: string, id: string, doing: string, errors = new FieldErrors()): void {
  const text = `Must be 'global', a valid org scope id or a valid project scope id when ${doing}.`;
  errors.require(isScopeId(id), field, text).throwIfAny();
}

/** The scope itself, where other items show the scope that they are in. */
const ownInfo = (scope: ScopeRow) =>
  scopeInfo({
    id: scope.id,
    type: scope.type,
    ...(scope.name === null ? {} : { name: scope.name }),
    ...(scope.description === null ? {} : { description: scope.description }),
    ...(scope.scope_id === null ? {} : { parent_scope_id: scope.scope_id }),
  });
