/**
 * Table layouts. Everything here is pure: items as they stand in JSON go in, lines come out;
 * `print.ts` wraps and writes them.
 */
import type { AsJson } from '../../lib/rpc/as-json';
import type { Group } from '../../proto/gen/api/groups';
import type { Scope } from '../../proto/gen/api/scopes';
import { attributeValue, localTime } from './format';

/** An item as the API answers it, of any kind. */
export type Item = Readonly<Record<string, unknown>>;

/** What nearly all items have. */
export type Common = Pick<AsJson<Group>, 'id' | 'name' | 'description' | 'created_time' | 'updated_time' | 'version'>;
/** Items that live in a scope. */
export type Scoped = Pick<AsJson<Group>, 'scope'>;
/** Fields that controllers with plugins show of an item and its plugin; ours has no plugins. */
export interface Plugged {
  readonly plugin?: { readonly id?: string; readonly name?: string };
  readonly secrets_hmac?: string;
}
export type Actionable = Pick<AsJson<Group>, 'authorized_actions'>;

/** Undefined and empty values leave their line out. */
export type Fields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Widest label of the scope block, `Parent Scope ID`, plus its further indent. */
const MIN_LABEL = 17;

/** Lines of a section below the main block. `column` is where values start. */
export type Section = (column: number) => string[];

const present = ([, value]: [string, unknown]): boolean => value !== undefined && value !== '';

/** `Label:` and a value at a column; at least one space between. */
export function row(indent: number, label: string, value: unknown, column: number): string {
  const head = `${' '.repeat(indent)}${label}: `;
  return head.padEnd(column) + String(value);
}

/** Rows in byte order of their labels. */
export function rows(indent: number, fields: Fields, column: number): string[] {
  return Object.entries(fields)
    .filter(present)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, value]) => row(indent, label, value, column));
}

/**
 * One item: main block, then sections. Labels of free-form attributes may widen the label column.
 */
export function itemTable(
  title: string,
  fields: Fields,
  sections: readonly Section[],
  attributes: Fields = {},
): string[] {
  const labels = [...Object.entries(fields).filter(present), ...Object.entries(attributes)].map(([label]) => label);
  const column = Math.max(MIN_LABEL, ...labels.map((label) => label.length)) + 6;
  return ['', `${title} information:`, ...rows(2, fields, column), ...sections.flatMap((section) => section(column))];
}

/** The labels that nearly all items have. */
export const commonFields = (item: Common): Fields => ({
  'Created Time': time(item.created_time),
  Description: item.description,
  ID: item.id,
  Name: item.name,
  'Updated Time': time(item.updated_time),
  Version: item.version,
});

export const time = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : localTime(text);

export const scopeSection =
  ({ scope }: Scoped, heading = 'Scope:'): Section =>
  (column) => {
    if (scope === undefined) return ['', `  ${heading}`, '    <not included in response>'];
    const fields = { ID: scope.id, Name: scope.name, 'Parent Scope ID': scope.parent_scope_id, Type: scope.type };
    return ['', `  ${heading}`, ...rows(4, fields, column)];
  };

/** The plugin behind an item; nothing for items without one. */
export const pluginSection =
  ({ plugin }: Plugged): Section =>
  (column) =>
    plugin === undefined ? [] : ['', '  Plugin:', ...rows(4, { ID: plugin.id, Name: plugin.name }, column)];

/** A heading and one line for each text, or nothing at all without texts. */
export const linesSection =
  (heading: string, lines: readonly string[] | undefined): Section =>
  () =>
    lines === undefined || lines.length === 0 ? [] : ['', `  ${heading}`, ...lines.map((line) => `    ${line}`)];

export const actionsSection = (item: Actionable): Section =>
  linesSection('Authorized Actions:', item.authorized_actions);

/** Actions on what an item contains: collections in order, their actions below. */
export const collectionActionsSection =
  (noun: string, item: Pick<AsJson<Scope>, 'authorized_collection_actions'>, blank = ''): Section =>
  () => {
    const actions = Object.entries((item.authorized_collection_actions ?? {}) as Record<string, string[]>).sort();
    if (actions.length === 0) return [];
    const lines = actions.flatMap(([name, words]) => [`    ${name}:`, ...words.map((word) => `      ${word}`)]);
    return [blank, `  Authorized Actions on ${noun}'s Collections:`, ...lines];
  };

/** Records of an item, each followed by an empty line. */
export const recordsSection =
  (heading: string, records: readonly Fields[] | undefined, options: { blankBefore?: boolean } = {}): Section =>
  (column) => {
    if (records === undefined || records.length === 0) return [];
    const body = records.flatMap((fields) => [
      ...Object.entries(fields)
        .filter(present)
        .map(([label, value]) => row(4, label, value, column)),
      '',
    ]);
    return [...(options.blankBefore === false ? [] : ['']), `  ${heading}`, ...body];
  };

/** Renamed free-form attributes for {@link itemTable} and {@link attributesSection}. */
export function attributeFields(
  item: { readonly attributes?: unknown },
  names: Readonly<Record<string, string>> = {},
): Fields {
  const attributes = Object.entries((item.attributes ?? {}) as Record<string, unknown>);
  return Object.fromEntries(attributes.map(([key, value]) => [names[key] ?? key, attributeValue(value)]));
}

export const attributesSection =
  (attributes: Fields, options: { blankBefore?: boolean } = {}): Section =>
  (column) =>
    Object.keys(attributes).length === 0
      ? []
      : [...(options.blankBefore === false ? [] : ['']), '  Attributes:', ...rows(4, attributes, column)];

export interface ListLayout<T extends object = Item> {
  /** `Target`, as in `Target information:`. */
  title: string;
  /** Printed alone when there is no item. */
  none: string;
  /** Column of the values. */
  column?: number;
  /** Labels and values behind the id, in this order. */
  fields(item: T): Fields;
}

/** What lists show of items of all kinds. */
type Listed = Pick<Common, 'id'> & Scoped & Actionable;

/** Value column of most lists. */
const LIST_COLUMN = 25;

export function listTable<T extends object>(
  layout: ListLayout<T>,
  items: readonly (T & Listed)[],
  recursive: boolean,
): string[] {
  if (items.length === 0) return [layout.none];
  const column = layout.column ?? LIST_COLUMN;
  const blocks = items.map((item, index) => [
    ...(index === 0 ? [] : ['']),
    row(2, 'ID', item.id ?? '(not available)', column),
    ...(recursive && item.scope?.id !== undefined ? [row(4, 'Scope ID', item.scope.id, column)] : []),
    ...Object.entries(layout.fields(item))
      .filter(present)
      .map(([label, value]) => row(4, label, value, column)),
    ...listActions(item),
  ]);
  return ['', `${layout.title} information:`, ...blocks.flat()];
}

function listActions({ authorized_actions: actions = [] }: Actionable): string[] {
  return actions.length === 0 ? [] : ['    Authorized Actions:', ...actions.map((action) => `      ${action}`)];
}

/** How one kind of resource is shown. */
export interface Presenter<T extends object = Item> {
  list: ListLayout<T>;
  item(item: T): string[];
}
