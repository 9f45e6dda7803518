/** Fields of aliases as callers send them: what is acceptable, and what is stored. */
import { prefixOf, prefixesOf } from '../../../lib/contract/id-prefixes';
import { hasIdForm } from '../../../lib/ids/ids';
import { Alias, type UpdateAliasRequest } from '../../../proto/gen/api/aliases';
import { checkCreate, checkShortText, checkUpdate, FieldErrors, maskedColumns, storedText } from '../resources/fields';
import { TARGET_PREFIXES } from '../targets/targets';
import { ALIAS_PREFIX, valueProblem } from './aliases';

export const HOST_ID_PATH = 'attributes.authorize_session_arguments.host_id';
const HOST_PREFIXES = [...prefixesOf('host', 'static'), prefixOf('host', 'plugin')];
const MALFORMED = 'Incorrectly formatted identifier.';

/** Columns by mask path. */
const MUTABLE = {
  name: 'name',
  description: 'description',
  value: 'value',
  destination_id: 'destination_id',
  [HOST_ID_PATH]: 'host_id',
};

/** Values of a new alias beside its name and description. */
export interface AliasValues {
  value: string;
  destination_id: string | null;
  host_id: string | null;
}

/** Columns of a new alias. Throws 400 with everything that is wrong. */
export function newAliasColumns(item: Alias): AliasValues & { name: string | null; description: string | null } {
  const errors = checkCreate(new FieldErrors(), item);
  checkShortText(errors, item);
  errors.require(item.scope_id === 'global', 'scope_id', 'This field is missing or improperly formatted.');
  const typeRequired = "This field is required. Current supported values are 'target'.";
  errors.require(item.type === 'target', 'type', typeRequired);
  const value = checkValue(errors, 'value', item.value);
  const destination = checkDestination(errors, item.destination_id);
  const hostId = readHostId(errors, 'attributes', item.attributes);
  const needed = `This field is required when '${HOST_ID_PATH}' is specified.`;
  errors.require(hostId === null || destination !== null, 'destination_id', needed);
  errors.throwIfAny();
  const [name, description] = [storedText(item.name), storedText(item.description)];
  return { name, description, value, destination_id: destination, host_id: hostId };
}

/** Columns that an update changes. Throws 400 with everything that is wrong. */
export function changedAliasColumns(request: UpdateAliasRequest): Record<string, unknown> {
  const item = request.item ?? Alias.fromPartial({});
  const errors = checkUpdate(new FieldErrors(), request, [ALIAS_PREFIX]);
  checkShortText(errors, request.item ?? {});
  const mask = (request.update_mask ?? []).map((path) => (HOST_ID_PATH.startsWith(`${path}.`) ? HOST_ID_PATH : path));
  // Beside other changes, a type must be the present one. A change of the type alone changes
  // nothing.
  const retyped = item.type !== '' && item.type !== 'target' && mask.some((path) => Object.hasOwn(MUTABLE, path));
  errors.require(!retyped, 'type', 'Cannot modify resource type.');
  const value = mask.includes('value') || item.value !== '' ? checkValue(errors, 'value', item.value) : '';
  const destination = checkDestination(errors, item.destination_id);
  const hostId = readHostId(errors, 'attributes', item.attributes);
  errors.throwIfAny();
  const values: Record<string, unknown> = {
    name: storedText(item.name),
    description: storedText(item.description),
    value,
    destination_id: destination,
    [HOST_ID_PATH]: hostId,
  };
  return maskedColumns(mask, MUTABLE, (path) => values[path]);
}

/** Checks the value; as it is stored. */
export function checkValue(errors: FieldErrors, field: string, given: string): string {
  const value = given.trim();
  const problem = valueProblem(value);
  if (problem !== undefined) errors.add(field, problem);
  return value;
}

function checkDestination(errors: FieldErrors, given: string | undefined): string | null {
  const destination = given ?? '';
  if (destination === '') return null;
  errors.require(hasIdForm(destination, ...TARGET_PREFIXES), 'destination_id', MALFORMED);
  return destination;
}

/** `authorize_session_arguments.host_id` of the attributes, null when there is none. */
export function readHostId(
  errors: FieldErrors,
  field: string,
  attributes: Readonly<Record<string, unknown>> | undefined,
): string | null {
  const found = onlyMember(onlyMember(attributes ?? null, 'authorize_session_arguments'), 'host_id');
  if (found === undefined || (found !== null && typeof found !== 'string')) {
    errors.add(field, 'Attribute fields do not match the expected format.');
    return null;
  }
  if (found === null || found === '') return null;
  const path = `${field}.authorize_session_arguments.host_id`;
  errors.require(hasIdForm(found, ...HOST_PREFIXES), path, MALFORMED);
  return found;
}

/**
 * The value of the key when the object has no other key: null when absent, undefined when there is
 * any other key.
 */
function onlyMember(object: unknown, key: string): unknown {
  if (object === null || object === undefined) return object;
  if (typeof object !== 'object' || Array.isArray(object)) return undefined;
  const keys = Object.keys(object);
  if (keys.some((name) => name !== key)) return undefined;
  return (object as Record<string, unknown>)[key] ?? null;
}
