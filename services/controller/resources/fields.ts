/** Checks of request fields that all resources share; spec texts are part of the API. */
import { prefixesOf } from '../../../lib/contract/id-prefixes';
import { limit } from '../../../lib/limits/limit';
import type { FieldError } from '../../../lib/errors/error-body';
import { invalidArgument } from '../../../lib/errors/errors';
import { hasIdForm } from '../../../lib/ids/ids';

export const MESSAGE = {
  /** Create, read, update, delete. */
  request: 'Error in provided request.',
  /** Custom actions. */
  fields: 'Errors in provided fields.',
  /** Lists. */
  identifier: 'Improperly formatted identifier.',
} as const;

const MAX_NAME = limit('name', 512, {
  what: 'name of a resource; of some less, see below',
  unit: 'characters',
  reached: '400, naming the field',
  test: 'test/integration/text-limits.test.ts: every text has its longest',
});
const MAX_DESCRIPTION = limit('description', 131_072, {
  what: 'description of a resource; of some less, see below',
  unit: 'characters',
  reached: '400, naming the field',
  test: 'test/integration/text-limits.test.ts: every text has its longest',
});
/** Certificates and keys, in characters; far more than any chain has. */
export const MAX_PEM = limit('PEM text', 65_536, {
  what: 'certificate or key of a credential store or an auth method',
  unit: 'characters',
  reached: '400, naming the field',
  test: 'test/integration/text-limits.test.ts: every text has its longest',
});

/** Collects what is wrong with a request, so that the caller sees all of it at once. */
export class FieldErrors {
  private readonly errors: FieldError[] = [];

  add(name: string, description: string): this {
    if (!this.errors.some((e) => e.name === name)) this.errors.push({ name, description });
    return this;
  }

  /** Adds the error unless the condition holds. */
  require(holds: boolean, name: string, description: string): this {
    return holds ? this : this.add(name, description);
  }

  throwIfAny(message: string = MESSAGE.request): void {
    if (this.errors.length > 0) throw invalidArgument(message, this.errors);
  }
}

/** Fields that every resource with a name has. */
export interface CommonFields {
  id?: string | undefined;
  name?: string | undefined;
  description?: string | undefined;
  created_time?: Date | undefined;
  updated_time?: Date | undefined;
  version?: number | undefined;
}

/** Descriptions may hold white space. No other invisible character may occur anywhere. */
const UNPRINTABLE_IN_NAME = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u;
const UNPRINTABLE_IN_DESCRIPTION = /(?![\t\n\r])\p{C}|[\p{Zl}\p{Zp}]|(?! )\p{Zs}/u;

function checkText(errors: FieldErrors, item: CommonFields): void {
  const name = item.name;
  if (name !== undefined) {
    errors.require(name.trim() !== '', 'name', 'Cannot set empty string as name');
    errors.require(!UNPRINTABLE_IN_NAME.test(name.trim()), 'name', 'Name contains unprintable characters');
    errors.require(name.trim().length <= MAX_NAME, 'name', `Name must have at most ${MAX_NAME} characters.`);
  }
  const text = item.description;
  if (text !== undefined) {
    errors.require(text.trim() !== '', 'description', 'Cannot set empty string as description');
    errors.require(
      !UNPRINTABLE_IN_DESCRIPTION.test(text),
      'description',
      'Description contains unprintable characters',
    );
    errors.require(
      text.length <= MAX_DESCRIPTION,
      'description',
      `Description must have at most ${MAX_DESCRIPTION} characters.`,
    );
  }
}

const MAX_SHORT_NAME = limit('short name', 127, {
  what: 'name of a worker, credential store, credential library or credential',
  unit: 'characters',
  reached: '400, naming the field',
  test: 'test/integration/text-limits.test.ts: every text has its longest',
});
const MAX_SHORT_DESCRIPTION = limit('short description', 1_023, {
  what: 'description of a worker, credential store, credential library or credential',
  unit: 'characters',
  reached: '400, naming the field',
  test: 'test/integration/text-limits.test.ts: every text has its longest',
});

/**
 * For resources whose names and descriptions have tighter limits than most (only what is in `item`
 * is looked at).
 */
export function checkShortText(errors: FieldErrors, item: Pick<CommonFields, 'name' | 'description'>): void {
  const { name = '', description = '' } = item;
  const text = (what: string, max: number) => `${what} must have at most ${max} characters.`;
  errors.require(name.trim().length <= MAX_SHORT_NAME, 'name', text('Name', MAX_SHORT_NAME));
  const fits = description.length <= MAX_SHORT_DESCRIPTION;
  errors.require(fits, 'description', text('Description', MAX_SHORT_DESCRIPTION));
}

/** Common checks of a create request. */
export function checkCreate(errors: FieldErrors, item: CommonFields): FieldErrors {
  const readOnly = 'This is a read only field.';
  errors.require(!item.id, 'id', readOnly);
  errors.require(item.created_time === undefined, 'created_time', readOnly);
  errors.require(item.updated_time === undefined, 'updated_time', readOnly);
  errors.require(!item.version, 'version', 'Cannot specify this field in a create request.');
  checkText(errors, item);
  return errors;
}

/**
 * Whether `id` has one of the prefixes; the global scope's id is a prefix without anything behind
 * it.
 */
const fits = (id: string, prefixes: readonly string[]): boolean =>
  hasIdForm(id, ...prefixes.filter((prefix) => prefix !== 'global')) ||
  (id === 'global' && prefixes.includes('global'));

export const isScopeId = (id: string): boolean => fits(id, ['global', ...prefixesOf('scope')]);

export const READ_ONLY_IN_UPDATE = 'This is a read only field and cannot be specified in an update request.';

/** Common checks of an update request: identifier, mask, version, read-only fields. */
export function checkUpdate(
  errors: FieldErrors,
  request: { id: string; item?: CommonFields | undefined; update_mask?: string[] | undefined },
  prefixes: readonly string[],
): FieldErrors {
  const item = request.item ?? {};
  errors.require(fits(request.id, prefixes), 'id', 'Improperly formatted path identifier.');
  errors.require(
    request.update_mask !== undefined,
    'update_mask',
    'UpdateMask not provided but is required to update this resource.',
  );
  errors.require((item.version ?? 0) > 0, 'version', 'Existing resource version is required for an update.');
  errors.require(!item.id, 'id', READ_ONLY_IN_UPDATE);
  errors.require(item.created_time === undefined, 'created_time', READ_ONLY_IN_UPDATE);
  errors.require(item.updated_time === undefined, 'updated_time', READ_ONLY_IN_UPDATE);
  checkText(errors, item);
  return errors;
}

/** Syntax of the id of a read. */
export function checkGetId(id: string, ...prefixes: string[]): void {
  new FieldErrors().require(fits(id, prefixes), 'id', 'Invalid formatted identifier.').throwIfAny();
}

/** Syntax of the id of a delete. */
export function checkDeleteId(id: string, ...prefixes: string[]): void {
  new FieldErrors().require(fits(id, prefixes), 'id', 'Incorrectly formatted identifier.').throwIfAny();
}

/**
 * Common checks of an action that edits a list: id, version and, for add and remove, at least one
 * value.
 */
export function checkListEdit(
  request: { id: string; version: number },
  prefixes: readonly string[],
  list: { field: string; values: readonly string[]; mayBeEmpty: boolean },
): FieldErrors {
  const errors = new FieldErrors();
  errors.require(hasIdForm(request.id, ...prefixes), 'id', 'Incorrectly formatted identifier.');
  errors.require(request.version > 0, 'version', 'Required field.');
  errors.require(list.mayBeEmpty || list.values.length > 0, list.field, 'Must be non-empty.');
  return errors;
}

/**
 * Columns to change: for each mask path that `columns` knows (path -> column), the item's value or
 * null. Throws when the mask names nothing that can be changed. Values come from `values`, by path.
 */
export function maskedColumns(
  mask: readonly string[],
  columns: Readonly<Record<string, string>>,
  values: (path: string) => unknown,
  called: 'fields' | 'paths' = 'fields',
): Record<string, unknown> {
  const changes: Record<string, unknown> = {};
  for (const path of mask) {
    const column = Object.hasOwn(columns, path) ? columns[path] : undefined;
    if (column !== undefined) changes[column] = values(path) ?? null;
  }
  if (Object.keys(changes).length === 0) {
    throw invalidArgument('No valid fields included in the update mask.', [
      { name: 'update_mask', description: `No valid ${called} provided in the update mask.` },
    ]);
  }
  return changes;
}

/** Name as it is stored: trimmed; null when absent. */
export const storedText = (text: string | undefined): string | null => text?.trim() || null;

/** Whether two lists name the same, in any order. Both name everything once. */
export function sameSet(a: readonly string[], b: readonly string[]): boolean {
  const those = new Set(b);
  return a.length === b.length && a.every((x) => those.has(x));
}

export const unique = (values: readonly string[]): string[] => [...new Set(values)];
