/** Checks of the lists that role actions take; texts are part of the API. */
import { isIdOf, subtypeOf } from '../../../lib/contract/id-prefixes';
import { DEPRECATED_ACTIONS } from '../authz/actions';
import { checkSegments, GrantError, parseGrant, type Grant } from '../authz/grants';
import type { FieldErrors } from '../resources/fields';
import type { Op } from '../rpc/service';
import { isGrantScopeWord, type StoredGrant } from './roles';

const PRINCIPALS = ['user', 'group', 'managed-group'] as const;

export type Edit = 'add' | 'set' | 'remove';

/** Steps of parsing a character of a grant. */
const PARSING_STEPS = 15;

/**
 * Parses the strings, with pauses; the first of equal grants counts, and what is wrong goes to
 * `errors`.
 */
export async function readGrants(
  { work }: Op,
  errors: FieldErrors,
  edit: Edit,
  texts: readonly string[],
): Promise<StoredGrant[]> {
  const grants = new Map<string, StoredGrant>();
  for (const raw of texts) {
    work.charge(raw.length * PARSING_STEPS);
    if (work.isDue) await work.breathe();
    const problem = raw === '' ? 'Grant strings must not be empty.' : undefined;
    const parsed = problem === undefined ? tryParse(raw, edit) : undefined;
    if (parsed === undefined || parsed instanceof GrantError) {
      // Clients compare the answer to a removal, which needs no reason: nothing is made.
      const reason = parsed === undefined || edit === 'remove' ? '' : `: ${parsed.message}`;
      errors.add('grant_strings', problem ?? `Improperly formatted grant ${JSON.stringify(raw)}${reason}.`);
      continue;
    }
    if (edit !== 'remove') checkOutdated(errors, raw, parsed);
    if (!grants.has(parsed.canonical)) grants.set(parsed.canonical, { raw, canonical: parsed.canonical });
  }
  return [...grants.values()];
}

/** What a role holds already may be removed, whatever it says. */
function tryParse(raw: string, edit: Edit): Grant | GrantError {
  try {
    if (edit !== 'remove') checkSegments(raw);
    return parseGrant(raw);
  } catch (error) {
    if (error instanceof GrantError) return error;
    throw error;
  }
}

/** Refuses what old roles may hold but new grants may not contain. */
function checkOutdated(errors: FieldErrors, raw: string, grant: Grant): void {
  for (const action of grant.actions) {
    const instead = DEPRECATED_ACTIONS.get(action);
    errors.require(
      instead === undefined,
      'grant_strings',
      `Action "${action}" has been deprecated and is not allowed to be set in grants. Use "${instead ?? ''}" instead.`,
    );
  }
  errors.require(
    !grant.singleId,
    'grant_strings',
    `Grant ${JSON.stringify(raw)} uses the "id" field which is no longer supported. Please use "ids" instead.`,
  );
}

export function checkPrincipals(errors: FieldErrors, ids: readonly string[]): void {
  for (const id of ids) {
    errors.require(
      PRINCIPALS.some((kind) => isIdOf(id, kind)),
      'principal_ids',
      'Must only have valid user, group, and/or managed group ids.',
    );
    errors.require(id !== 'u_recovery', 'principal_ids', 'u_recovery cannot be assigned to a role');
  }
}

export function checkGrantScopes(errors: FieldErrors, values: readonly string[]): void {
  for (const value of values) {
    errors.require(value !== '', 'grant_scope_ids', 'Grant scope IDs must not be empty.');
    if (value === '' || isGrantScopeWord(value) || value === 'global' || isIdOf(value, 'scope')) continue;
    const known = subtypeOf(value, 'scope') !== undefined;
    errors.add(
      'grant_scope_ids',
      known ? `Incorrectly formatted identifier ${JSON.stringify(value)}.` : `Unknown value ${JSON.stringify(value)}.`,
    );
  }
}
