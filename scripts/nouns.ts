/**
 * Writes proto/gen/nouns: a typed table for each noun, made of its message, its service and their
 * options. Argument: a descriptor image. Imports nothing that the tables are needed for.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { getOption, hasOption, type DescField, type DescMessage, type DescMethod } from '@bufbuild/protobuf';
import type { GenExtension } from '@bufbuild/protobuf/codegenv2';
import { packageFile } from '../lib/config/package-root';
import { loadDescriptors, type Descriptors } from '../services/controller/rpc/descriptors';

/** The options as decoded by a registry: see proto/api/options.proto. */
interface NounOption {
  type: string;
  plural: string;
  kinds: KindOption[];
  scopes: string[];
  parent: string;
  parentKinds: string[];
  actions: string[];
  collectionActions: string[];
  owned: boolean;
}
interface KindOption {
  name: string;
  prefixes: string[];
  actions: string[];
  onlyActions: string[];
  collectionActions: string[];
}
interface AboutOption {
  mutable: boolean;
  flag: string;
  flagName: string;
  label: string;
  listed: boolean;
  form: string;
  formError: string;
  column: string;
  absentAt: string;
  kinds: string[];
  attributes: { name: string; about?: AboutOption }[];
}

const [image] = process.argv.slice(2);
if (image === undefined) throw new Error('usage: nouns.ts IMAGE');
const descriptors = loadDescriptors(readFileSync(image));

/** The option of that name, or undefined where the descriptor does not have it. */
function optionOf<T>(registry: Descriptors, name: string, of: DescMessage | DescField): T | undefined {
  const extension = registry.getExtension(`sallyport.api.v1.${name}`);
  if (extension === undefined) throw new Error('the image lacks api/options.proto');
  const option = extension as GenExtension<never, never>;
  return hasOption(of as never, option) ? getOption(of as never, option) : undefined;
}
const nounOf = (message: DescMessage) => optionOf<NounOption>(descriptors, 'noun', message);
const aboutOf = (field: DescField) => optionOf<AboutOption>(descriptors, 'about', field);

const kebab = (name: string): string => name.replace(/(?<=.)(?=[A-Z])/g, '-').toLowerCase();
const camel = (name: string): string => name.replace(/[-_](.)/g, (_, letter: string) => letter.toUpperCase());

/** What is not empty. */
function filled<T extends object>(table: T): Partial<T> {
  const isEmpty = (value: unknown): boolean =>
    value === undefined || value === '' || value === false || (Array.isArray(value) && value.length === 0);
  return Object.fromEntries(Object.entries(table).filter(([, value]) => !isEmpty(value))) as Partial<T>;
}

/** Form of a value: how flags and checks read it. */
function valueOf(field: DescField): string {
  if (field.fieldKind === 'list') return 'texts';
  if (field.fieldKind !== 'scalar') return 'object';
  const type = typeof field.getDefaultValue();
  return type === 'boolean' ? 'flag' : type === 'number' ? 'number' : 'text';
}

function fieldTable(name: string, value: string, about: AboutOption | undefined): object {
  const { absentAt = '', flag = '', flagName = '' } = about ?? {};
  const named = flag === '' ? undefined : { name: flagName || name.replaceAll('_', '-'), description: flag };
  const always = name === 'name' || name === 'description';
  return filled({
    value,
    column: about?.column || name,
    mutable: always || about?.mutable,
    flag: named,
    label: about?.label,
    listed: about?.listed,
    form: about?.form,
    formError: about?.formError,
    absentAt: absentAt === '' ? undefined : (JSON.parse(absentAt) as unknown),
    kinds: about?.kinds,
  });
}

/**
 * By path, `attributes.address`: fields of which something is told, and those that every noun may
 * change.
 */
function fieldsOf(message: DescMessage): Record<string, object> {
  const told = message.fields.flatMap((field): [string, object][] => {
    const about = aboutOf(field);
    const inside = (about?.attributes ?? []).map((attribute): [string, object] => [
      `${field.name}.${attribute.name}`,
      fieldTable(attribute.name, 'text', attribute.about),
    ]);
    if (inside.length > 0) return inside;
    if (about === undefined && field.name !== 'name' && field.name !== 'description') return [];
    return [[field.name, fieldTable(field.name, valueOf(field), about)]];
  });
  return Object.fromEntries(told);
}

/** Lists that `add-`, `set-` and `remove-` actions edit, by name: the fields of their requests. */
function listsOf(methods: readonly DescMethod[]): Record<string, object> {
  const adders = methods.filter(({ name }) => name.startsWith('Add') && methods.some((m) => m.name === setter(name)));
  return Object.fromEntries(
    adders.map(({ name, input }) => {
      const edited = input.fields.filter((field) => field.name !== 'id' && field.name !== 'version');
      const fields = edited.map((field) => [field.name, fieldTable(field.name, valueOf(field), aboutOf(field))]);
      return [
        kebab(name.slice('Add'.length)),
        { method: name.slice('Add'.length), fields: Object.fromEntries(fields) as object },
      ];
    }),
  );
}
const setter = (adder: string): string => adder.replace(/^Add/, 'Set');

interface Made {
  type: string;
  table: object & { plural: string };
  prefixes: Record<string, string[]>;
}

function tableOf(message: DescMessage, option: NounOption): Made {
  const type = option.type || kebab(message.name);
  const service = message.file.services[0];
  if (service === undefined) throw new Error(`${message.name} has no service beside it`);
  const { methods } = service;
  const has = (verb: string): boolean => methods.some(({ name }) => name === `${verb}${message.name}`);
  const messages = methods
    .find(({ name, output }) => name.startsWith('List') && output.fields[0]?.message === message)
    ?.name.slice('List'.length);
  const lists = Object.fromEntries(
    // `GroupMembers` of a group are its `members`; the tags of a worker are called `worker-tags`.
    Object.entries(listsOf(methods)).map(([name, list]) => {
      const short = type === 'worker' ? name : name.replace(`${type}-`, '');
      return [short, list];
    }),
  );
  const edits = Object.keys(lists).flatMap((list) => [`add-${list}`, `set-${list}`, `remove-${list}`]);
  const verbs = ['Get', 'Update', 'Delete'].filter(has).map((verb) => (verb === 'Get' ? 'read' : verb.toLowerCase()));
  const plain = [...verbs, ...edits, ...option.actions];
  const own = plain.flatMap((action) => (option.owned ? [action, `${action}:self`] : [action]));
  const idActions = has('Get') ? ['no-op', ...own] : [];
  const usual = [...(has('Create') ? ['create'] : []), ...(messages === undefined ? [] : ['list'])];
  const collectionActions = option.collectionActions.length > 0 ? option.collectionActions : usual;
  const kinds = option.kinds.map((kind) => [
    kind.name,
    filled({
      idActions:
        kind.onlyActions.length > 0 ? kind.onlyActions : kind.actions.length > 0 ? [...idActions, ...kind.actions] : [],
      collectionActions: kind.collectionActions,
    }),
  ]);
  const table = {
    type,
    plural: option.plural || kebab(messages ?? ''),
    message: message.name,
    messages: messages ?? '',
    scopes: option.scopes,
    ...filled({ parent: option.parent, parentKinds: option.parentKinds }),
    kinds: Object.fromEntries(kinds) as object,
    idActions,
    collectionActions,
    lists,
    names: message.fields.map((field) => field.name),
    fields: fieldsOf(message),
  };
  return { type, table, prefixes: Object.fromEntries(option.kinds.map(({ name, prefixes }) => [name, prefixes])) };
}

const made = [...descriptors]
  .flatMap((descriptor) => {
    const option = descriptor.kind === 'message' ? nounOf(descriptor) : undefined;
    return option === undefined ? [] : [tableOf(descriptor as DescMessage, option)];
  })
  .sort((a, b) => (a.type < b.type ? -1 : 1));

const folder = packageFile('proto', 'gen', 'nouns');
const HEAD = '// Made by scripts/nouns.ts of the options in proto/api. DO NOT EDIT.\n\n';
const literal = (value: unknown): string => `${JSON.stringify(value, undefined, 2)} as const;\n`;
const write = (name: string, text: string): void => writeFileSync(join(folder, `${name}.ts`), HEAD + text);

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const { type, table } of made) write(type, `export const ${camel(type)} = ${literal(table)}`);
const prefixes = made.filter((noun) => Object.keys(noun.prefixes).length > 0).map((noun) => [noun.type, noun.prefixes]);
const plurals = Object.fromEntries(made.map(({ type, table }) => [type, table.plural]));
const ids = `/** Prefixes of ids, by type and kind. */\nexport const PREFIXES = ${literal(Object.fromEntries(prefixes))}`;
write('prefixes', `${ids}\n/** Path segments of collections, by type. */\nexport const PLURALS = ${literal(plurals)}`);
const imports = made.map(({ type }) => `import { ${camel(type)} } from './${type}';\n`).join('');
const entries = made.map(({ type }) => `  '${type}': ${camel(type)},\n`).join('');
write('all', `${imports}\n/** All nouns, by type. */\nexport const NOUNS = {\n${entries}} as const;\n`);
