/**
 * Aliases as targets know them: they stand for the id in every request, and can be made together
 * with a target.
 */
import { invalidArgument } from '../../../lib/errors/errors';
import { newId } from '../../../lib/ids/ids';
import type { NewTargetAlias, Target, TargetServiceDefinition } from '../../../proto/gen/api/targets';
import { ALIAS_PREFIX, ALIAS_SCOPE, isAliasValue } from '../aliases/aliases';
import { checkValue, readHostId } from '../aliases/aliases.fields';
import { insertAlias, resolveAlias } from '../aliases/aliases.store';
import type { AllowedIn, Authz } from '../authz/authz';
import { toMake } from '../authz/proof';
import { existing, guessable } from '../authz/refusal';
import type { ControllerDeps } from '../context';
import type { Executor, Tx } from '../db/db';
import { MESSAGE, type FieldErrors } from '../resources/fields';
import { collectionIn } from '../resources/scope-lists';
import type { Handler, Handlers, Op } from '../rpc/service';

type TargetHandlers = Handlers<typeof TargetServiceDefinition>;

/**
 * The handlers, with aliases resolved first. An alias that is unknown or leads nowhere gives 404,
 * and 401 to anonymous callers.
 */
export function resolvingAliases({ db, authz }: ControllerDeps, handlers: TargetHandlers): TargetHandlers {
  const on = db.executor;
  const wrapped = Object.entries(handlers as Record<string, Handler>).map(([name, handler]) => [
    name,
    (op: Op, request: Addressed) =>
      // A refusal of the handler would also tell that the alias exists, since the alias is found
      // first.
      isByAlias(request)
        ? guessable(
            () => authz.actor(op),
            async () => handler(op, await resolved(on, request)),
          )
        : handler(op, request),
  ]);
  return Object.fromEntries(wrapped) as TargetHandlers;
}

interface Addressed {
  id?: string;
  host_id?: string;
  scope_id?: string;
  scope_name?: string;
}

/** With a scope the id is the target's name. */
const isByAlias = ({ id = '', scope_id = '', scope_name = '' }: Addressed): boolean =>
  isAliasValue(id) && scope_id === '' && scope_name === '';

async function resolved(on: Executor, request: Addressed): Promise<Addressed> {
  const { id = '', host_id: wanted } = request;
  // PostgreSQL takes no NUL.
  const found = existing(id.includes('\0') ? undefined : await resolveAlias(on, id));
  if (wanted === undefined) return { ...request, id: found.destination_id };
  if (found.host_id !== null && !['', found.host_id].includes(wanted)) {
    throw invalidArgument(MESSAGE.fields, [
      {
        name: 'host_id',
        description: 'The alias names another host: leave the host out, or use the id of the target.',
      },
    ]);
  }
  return { ...request, id: found.destination_id, host_id: found.host_id ?? wanted };
}

/** An alias to make with its target. */
export interface PlannedAlias {
  value: string;
  host_id: string | null;
}

/** Checks the aliases of a new target. Answers them as they are stored. */
export function readWithAliases(errors: FieldErrors, given: readonly NewTargetAlias[]): PlannedAlias[] {
  return given.map((alias) => {
    errors.require(alias.scope_id === 'global', 'with_aliases.scope_id', "Must be 'global'.");
    return {
      value: checkValue(errors, 'with_aliases.value', alias.value),
      host_id: readHostId(errors, 'with_aliases.attributes', alias.attributes),
    };
  });
}

/** Refuses aliases in an update. */
export const refuseWithAliases = (errors: FieldErrors, item: Target): FieldErrors =>
  errors.require(item.with_aliases.length === 0, 'with_aliases', 'This field can only be set at target creation time.');

/** Proof that the caller may create aliases; undefined when none are wanted. */
export async function allowAliases(
  authz: Authz,
  op: Op,
  aliases: readonly PlannedAlias[],
): Promise<AllowedIn<'alias', 'create'> | undefined> {
  return aliases.length === 0 ? undefined : authz.check(op, 'create', collectionIn('alias', ALIAS_SCOPE));
}

export async function insertAliases(
  tx: Tx,
  allowed: AllowedIn<'alias', 'create'> | undefined,
  target: { id: string; now: Date },
  aliases: readonly PlannedAlias[],
): Promise<void> {
  if (allowed === undefined) return;
  for (const alias of aliases) {
    const common = { name: null, description: null, now: target.now };
    await insertAlias(tx, toMake(allowed, newId(ALIAS_PREFIX)), { ...common, ...alias, destination_id: target.id });
  }
}
