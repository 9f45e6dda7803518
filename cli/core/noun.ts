/**
 * A noun of the command line, made of its table in proto/gen/nouns: its verbs, their flags, and how
 * items are shown. The file in cli/nouns says what is told differently, and verbs of its own.
 */
import type { Field as NounField, List, Noun } from '../../lib/contract/noun';
import {
  actionsSection,
  commonFields,
  itemTable,
  scopeSection,
  type Actionable,
  type Common,
  type Fields,
  type Presenter,
  type Scoped,
  type Section,
} from '../output/table';
import { createCommand, deleteCommand, editCommand, listCommand, readCommand, updateCommand } from './builders';
import type { Command } from './command';
import type { Field } from './fields';
import type { Resource } from './resource';

const words = (kebab: string): string => kebab.replaceAll('-', ' ');
const title = (message: string): string => message.replace(/(?<=.)(?=[A-Z])/g, ' ');

/** What a noun says itself. */
/** `I` is an item as the API answers it. */
export interface OwnOfNoun<I extends object> extends Pick<Resource, 'container' | 'service'> {
  /** Blocks of an item's table behind its scope and its actions. */
  sections?(item: I): Section[];
  /** Layouts that are not as the table of the noun tells. */
  presenter?: Partial<Presenter<I>>;
}

export function defineNoun<I extends object>(
  noun: Noun,
  { container, service, sections, presenter }: OwnOfNoun<I>,
): Omit<Resource, 'presenter'> & { presenter: Presenter<I> } {
  return {
    singular: words(noun.type),
    plural: words(noun.plural),
    message: noun.message,
    messages: noun.messages,
    container,
    service,
    fields: fieldsOf(noun.fields),
    presenter: { ...presenterOf(noun, sections), ...presenter },
  };
}

/** Flags of fields, whose values are texts; those of other forms have commands that say more. */
const fieldsOf = (fields: Noun['fields']): Field[] =>
  Object.entries(fields).flatMap(([path, { flag, mutable }]) => {
    if (flag === undefined) return [];
    const clear = mutable === true ? ' The word null clears it.' : '';
    return [{ flag: { name: flag.name, type: 'string', description: `${flag.description}${clear}` }, path }];
  });

/** Labels and values of the fields that the table gives a label. */
const labelled = (fields: Noun['fields'], item: object, wanted: (field: NounField) => boolean): Fields =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([path, field]) =>
      field.label !== undefined && wanted(field)
        ? [[field.label, (item as Readonly<Record<string, string | undefined>>)[path]]]
        : [],
    ),
  );

/** What items of most nouns have. */
type Shown = Common & Scoped & Actionable & { type?: string };

function presenterOf<I extends object>(
  noun: Noun,
  sections: ((item: I) => Section[]) | undefined,
): Presenter<I & Shown> {
  const { message, fields } = noun;
  return {
    list: {
      title: title(message),
      none: `No ${words(noun.plural)} found`,
      fields: (item) => ({
        Version: item.version,
        Type: item.type,
        Name: item.name,
        Description: item.description,
        ...labelled(fields, item, ({ listed }) => listed === true),
      }),
    },
    item: (item) =>
      itemTable(title(message), { ...commonFields(item), Type: item.type, ...labelled(fields, item, () => true) }, [
        scopeSection(item),
        actionsSection(item),
        ...(sections?.(item) ?? []),
      ]),
  };
}

export interface NounCommand {
  /** A paragraph of help. */
  description: string;
  /** Lines behind the name of the program, by their second word those of a verb. */
  examples: readonly string[];
  /** Checks of one value of a list that is edited, by list. */
  checks?: Readonly<Record<string, (value: string) => void>>;
  /** Verbs of its own, or made otherwise. */
  verbs?: Readonly<Record<string, Command>>;
}

/** The noun with its verbs below it. */
export function nounCommand(noun: Noun, resource: Resource, own: NounCommand): Command {
  const of = (verb: string) => ({ examples: own.examples.filter((line) => line.split(' ')[1] === verb) });
  const made: Record<string, Command> = {};
  const add = (action: string, verb: string, make: () => Command): void => {
    if ([...noun.idActions, ...noun.collectionActions].includes(action)) made[verb] = make();
  };
  add('read', 'read', () => readCommand(resource, of('read')));
  add('list', 'list', () => listCommand(resource, of('list')));
  add('create', 'create', () => createCommand(resource, of('create')));
  add('update', 'update', () => updateCommand(resource, of('update')));
  add('delete', 'delete', () => deleteCommand(resource, of('delete')));
  for (const [name, list] of Object.entries(noun.lists)) {
    for (const kind of ['add', 'set', 'remove']) {
      const verb = `${kind}-${name}`;
      const edit = editOf(verb, kind, list);
      if (edit !== undefined)
        made[verb] = editCommand(resource, { ...edit, ...checkOf(own.checks?.[name]), ...of(verb) });
    }
  }
  const commands = Object.entries({ ...made, ...own.verbs }).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    synopsis: `Manage ${resource.plural}`,
    description: own.description,
    commands: Object.fromEntries(commands.map(([verb, command]) => [verb, () => Promise.resolve(command)])),
  };
}

const checkOf = (check: ((value: string) => void) | undefined) => (check === undefined ? {} : { check });

/** The edit of a list of texts that has a flag; others have verbs of their own. */
function editOf(verb: string, kind: string, { method, fields }: List) {
  const [field, facts] = Object.entries(fields)[0] ?? [];
  if (field === undefined || facts?.flag === undefined) return undefined;
  return { verb, method: `${kind}${method}`, field, flag: facts.flag.name, what: facts.flag.description };
}
