/**
 * Grant strings: `ids=...;type=...;actions=...;output_fields=...`, or the same as a JSON object.
 * Parsed once into a {@link Grant}; a text that could never allow anything is refused with the
 * reason.
 */
import { limit } from '../../../lib/limits/limit';
import { nearest } from '../../../lib/text/nearest';
import { hasChildTypes, isKnownAction, isKnownType, isTopLevel, parentType, typeOfId } from './actions';

export interface Grant {
  /** Ids, templates or the one element `*`; undefined: the grant is about a collection only. */
  readonly ids: readonly string[] | undefined;
  /** A type or `*`; undefined: the ids tell it. */
  readonly type: string | undefined;
  /** Sorted, without duplicates; empty: the grant only names fields. */
  readonly actions: readonly string[];
  /** Sorted; undefined: the grant says nothing about fields. */
  readonly outputFields: readonly string[] | undefined;
  /** Written with the old key `id`. */
  readonly singleId: boolean;
  /** The one form that equal grants share. */
  readonly canonical: string;
}

/** Why a text is no grant; the message is shown to callers. */
export class GrantError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'GrantError';
  }
}

const MAX_GRANT_LENGTH = limit('length of a grant', 16_384, {
  what: 'one grant of a role',
  unit: 'characters',
  reached: '400, naming the field',
  test: 'services/controller/authz/grants.test.ts: a grant has a longest length',
});

/**
 * Templates, by their name inside the braces: what they stand for, and an id of that kind for
 * trials.
 */
const TEMPLATES: ReadonlyMap<string, { stands: 'user' | 'account'; trial: string }> = new Map([
  ['.User.Id', { stands: 'user', trial: 'u_trialtrial' }],
  ['user.id', { stands: 'user', trial: 'u_trialtrial' }],
  ['.Account.Id', { stands: 'account', trial: 'acctpw_trialtrial' }],
  ['account.id', { stands: 'account', trial: 'acctpw_trialtrial' }],
]);

const templateName = (id: string): string | undefined =>
  id.startsWith('{{') && id.endsWith('}}') && id.length >= 4 ? id.slice(2, -2).trim() : undefined;

/** What an id of a grant stands for when it is a template. */
export const templateOf = (id: string): 'user' | 'account' | undefined => TEMPLATES.get(templateName(id) ?? '')?.stands;

const trialId = (id: string): string => TEMPLATES.get(templateName(id) ?? '')?.trial ?? id;

/** Whether an action is about collections: `list`, `create` or a sub-action of these. */
export const isCollectionAction = (action: string): boolean => ['create', 'list'].includes(action.split(':')[0]!);

interface Parts {
  id?: string;
  ids?: string[];
  type?: string;
  actions?: string[];
  outputFields?: string[];
}

/** Throws {@link GrantError}. */
export function parseGrant(text: string): Grant {
  if (text === '') throw new GrantError('grant is empty');
  if (text.length > MAX_GRANT_LENGTH) throw new GrantError(`grant is longer than ${MAX_GRANT_LENGTH} characters`);
  const parts = text.startsWith('{') ? readJson(text) : readText(text);
  const ids = idsOf(parts);
  checkType(parts.type);
  const actions = actionsOf(parts);
  checkShape(ids, parts.type, actions);
  checkEffect(ids, parts.type, actions);
  const outputFields = parts.outputFields === undefined ? undefined : sorted(parts.outputFields);
  // The canonical form of such a grant would name no field either, and could not be parsed again.
  if (outputFields?.every((field) => field === '')) throw new GrantError('empty output fields cannot be stored');
  const grant = { ids, type: parts.type, actions, outputFields, singleId: parts.id !== undefined };
  return { ...grant, canonical: canonicalForm(grant) };
}

const sorted = (values: readonly string[]): string[] => [...new Set(values)].sort();

function canonicalForm(grant: Omit<Grant, 'canonical'>): string {
  const segments = [
    grant.ids === undefined ? '' : `${grant.singleId ? 'id' : 'ids'}=${grant.ids.join(',')}`,
    grant.type === undefined ? '' : `type=${grant.type}`,
    grant.actions.length === 0 ? '' : `actions=${grant.actions.join(',')}`,
    grant.outputFields === undefined ? '' : `output_fields=${grant.outputFields.join(',')}`,
  ];
  return segments.filter((segment) => segment !== '').join(';');
}

/** `id` is an old one, which has a refusal of its own. */
const KEYS = ['ids', 'type', 'actions', 'output_fields', 'id'];

/** Given twice, these add up; of the others the last one would win. */
const ADDING = 'output_fields';

/**
 * Throws {@link GrantError} for a segment that would not count, as the grant would then allow more
 * than was written. Roles of earlier releases may hold such grants.
 */
export function checkSegments(text: string): void {
  const keys = text.startsWith('{') ? jsonKeys(text) : textKeys(text);
  const seen = new Set<string>();
  for (const key of keys) {
    if (!KEYS.includes(key)) throw unknownKey(key);
    if (seen.has(key) && key !== ADDING) throw new GrantError(`"${key}" is given twice`);
    seen.add(key);
  }
}

const textKeys = (text: string): string[] => text.split(';').map((segment) => segment.split('=')[0]!);

/** Those that the text spells out; one that is no JSON has none. */
function jsonKeys(text: string): string[] {
  let json: object;
  try {
    json = JSON.parse(text) as object;
  } catch {
    return [];
  }
  const spelled = [...text.matchAll(/(?<!\\)"(\w+)"\s*:/g)].map(([, key]) => key!);
  return [...Object.keys(json).filter((key) => !spelled.includes(key)), ...spelled];
}

function unknownKey(key: string): GrantError {
  const bare = key.trim();
  if (bare !== key && KEYS.includes(bare))
    return new GrantError(`blanks around "${bare}": there are none around the semicolons of a grant`);
  const near = nearest(
    bare,
    KEYS.filter((one) => one !== 'id'),
  );
  const choice = 'a grant has ids, type, actions and output_fields';
  return new GrantError(`unknown segment "${key}"; ${near === undefined ? choice : `did you mean "${near}"`}`);
}

function readText(text: string): Parts {
  const parts: Parts = {};
  for (const segment of text.split(';')) {
    const [key, value, ...more] = segment.split('=');
    if (value === undefined || more.length > 0) {
      throw new GrantError(`segment "${segment}" not formatted correctly, wrong number of equal signs`);
    }
    if (key === '') throw new GrantError(`segment "${segment}" not formatted correctly, missing key`);
    if (value === '') throw new GrantError(`segment "${segment}" not formatted correctly, missing value`);
    readSegment(parts, key!, value);
  }
  return parts;
}

/** A repeated key wins over the earlier one, but output fields add up. */
function readSegment(parts: Parts, key: string, value: string): void {
  if (key === 'id') parts.id = value;
  else if (key === 'ids') parts.ids = value.split(',');
  else if (key === 'type') parts.type = value.toLowerCase();
  else if (key === 'actions') parts.actions = value.split(',').map((action) => action.toLowerCase());
  else if (key === 'output_fields') parts.outputFields = [...(parts.outputFields ?? []), ...value.split(',')];
}

function readJson(text: string): Parts {
  let json: Record<string, unknown>;
  try {
    json = JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw new GrantError('unable to parse JSON grant string');
  }
  const id = jsonText(json, 'id');
  const ids = jsonTexts(json, 'ids');
  const type = jsonText(json, 'type');
  const actions = jsonTexts(json, 'actions')?.map((action) => action.toLowerCase());
  const outputFields = jsonTexts(json, 'output_fields');
  if (outputFields?.length === 0) throw new GrantError('empty output fields cannot be stored');
  return {
    ...(id === undefined ? {} : { id }),
    ...(ids === undefined || ids.length === 0 ? {} : { ids }),
    ...(type === undefined ? {} : { type }),
    ...(actions === undefined || actions.length === 0 ? {} : { actions }),
    ...(outputFields === undefined ? {} : { outputFields }),
  };
}

function jsonText(json: Record<string, unknown>, key: string): string | undefined {
  const value = Object.hasOwn(json, key) ? json[key] : undefined;
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw new GrantError(`unable to interpret "${key}" as string`);
  if (/[,;=]/.test(value)) throw new GrantError(`"${key}" value contains characters that are not allowed: , ; =`);
  return value;
}

function jsonTexts(json: Record<string, unknown>, key: string): string[] | undefined {
  const value = Object.hasOwn(json, key) ? json[key] : undefined;
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) throw new GrantError(`unable to interpret "${key}" as array`);
  return value.map((element: unknown) => {
    if (typeof element !== 'string') throw new GrantError(`unable to interpret an element of "${key}" as string`);
    if (/[,;=]/.test(element)) throw new GrantError(`"${key}" value contains characters that are not allowed: , ; =`);
    return element;
  });
}

function idsOf(parts: Parts): string[] | undefined {
  if (parts.id !== undefined && parts.ids !== undefined) {
    throw new GrantError('input grant string contains both "id" and "ids" fields');
  }
  const ids = parts.id === undefined ? parts.ids : [parts.id];
  if (ids === undefined) return undefined;
  if (ids.includes('')) throw new GrantError('empty ID provided');
  if (ids.includes('*') && ids.length > 1) {
    throw new GrantError('input grant string contains both wildcard and non-wildcard values in "ids" field');
  }
  if (new Set(ids.map(typeOfId)).size > 1) {
    throw new GrantError('input grant string contains ids of differently-typed resources');
  }
  for (const id of ids) {
    const name = templateName(id);
    if (name !== undefined && !TEMPLATES.has(name)) {
      throw new GrantError(`unknown template "${id}" in grant "ids" value`);
    }
  }
  return ids;
}

function checkType(type: string | undefined): void {
  if (type !== undefined && type !== '*' && !isKnownType(type))
    throw new GrantError(`unknown type specifier "${type}"`);
}

function actionsOf(parts: Parts): string[] {
  const actions = parts.actions ?? [];
  if (actions.includes('')) throw new GrantError('empty action found');
  if (actions.length === 0 && parts.outputFields === undefined) throw new GrantError('missing actions');
  for (const action of actions) {
    if (!isKnownAction(action)) throw new GrantError(`unknown action "${action}"`);
  }
  const all = sorted(actions);
  if (all.includes('*') && all.length > 1) throw new GrantError('"*" cannot be specified with other actions');
  return all;
}

function checkShape(ids: string[] | undefined, type: string | undefined, actions: string[]): void {
  if (ids === undefined) return checkCollectionShape(type, actions);
  if (ids[0] === '*') {
    if (type === undefined) throw new GrantError('parsed grant string contains wildcard id and no specified type');
    return;
  }
  for (const id of ids) checkIdShape(id, typeOfId(trialId(id)), type, actions);
}

function checkIdShape(id: string, idType: string | undefined, type: string | undefined, actions: string[]): void {
  if (idType === undefined) {
    throw new GrantError(`parsed grant string contains an id "${id}" of an unknown resource type`);
  }
  if (type === undefined && actions.some(isCollectionAction)) {
    throw new GrantError('parsed grant string contains create or list action in a format that does not allow these');
  }
  if (type === '*' && !hasChildTypes(idType)) {
    throw new GrantError('parsed grant string contains an id that does not support child types');
  }
  if (type !== undefined && type !== '*' && parentType(type) !== idType) {
    throw new GrantError(
      `parsed grant string contains type ${type} that is not a child type of the type (${idType}) of the specified id`,
    );
  }
}

function checkCollectionShape(type: string | undefined, actions: string[]): void {
  if (type === undefined) throw new GrantError('parsed grant string contains no id or type');
  if (type === '*') throw new GrantError('parsed grant string contains wildcard type with no id value');
  const kinds = actions.map((action) => action.split(':')[0]!);
  if (!actions.every(isCollectionAction) || actions.length > 2 || new Set(kinds).size !== kinds.length) {
    throw new GrantError(
      'parsed grant string contains non-create or non-list action in a format that only allows these',
    );
  }
}

/** The shape is right; at least one action must be able to allow something. */
function checkEffect(ids: string[] | undefined, type: string | undefined, actions: string[]): void {
  if (actions.length === 0) return;
  const itemsOnly =
    ids !== undefined && ids[0] !== '*' && type !== '*' && (type === undefined || parentType(type) === type);
  const effective = itemsOnly
    ? actions.some((action) => !isCollectionAction(action))
    : ids !== undefined || isTopLevel(type!);
  if (!effective) throw new GrantError('parsed grant string would not result in any action being authorized');
}
