/** What is said of a noun in the options of its proto, as the tables of proto/gen/nouns have it. */

export interface Noun {
  /** What grants call it. */
  readonly type: string;
  /** Path segment of the collection. */
  readonly plural: string;
  /** In names of methods: `HostSet` and `HostSets`. */
  readonly message: string;
  readonly messages: string;
  /** Kinds of scope that hold items; empty for children. */
  readonly scopes: readonly ('global' | 'org' | 'project')[];
  /** Type of the items that these are children of. */
  readonly parent?: string;
  /** Kinds of the parent that have such children; absent: all. */
  readonly parentKinds?: readonly string[];
  readonly kinds: Readonly<Record<string, Kind>>;
  readonly idActions: readonly string[];
  readonly collectionActions: readonly string[];
  /** Lists that `add-`, `set-` and `remove-` actions edit, by their part of the action. */
  readonly lists: Readonly<Record<string, List>>;
  /** Names of all fields of an item. */
  readonly names: readonly string[];
  /** Fields of which something is told, by their path in an item. */
  readonly fields: Readonly<Record<string, Field>>;
}

/** A subtype. What is absent is as the noun has it. */
export interface Kind {
  readonly idActions?: readonly string[];
  readonly collectionActions?: readonly string[];
}

export interface List {
  /** Name of the methods behind `Add`, `Set` and `Remove`. */
  readonly method: string;
  /** Fields of their requests that hold values. */
  readonly fields: Readonly<Record<string, Field>>;
}

export interface Field {
  readonly value: 'text' | 'number' | 'flag' | 'texts' | 'object';
  /** Column of the database. */
  readonly column: string;
  /** Whether an update may change it. */
  readonly mutable?: boolean;
  readonly flag?: { readonly name: string; readonly description: string };
  /** Label in tables of one item, and in lists if `listed`. */
  readonly label?: string;
  readonly listed?: boolean;
  /** Form of a text, a regular expression, and what a text without it is answered with. */
  readonly form?: string;
  readonly formError?: string;
  /** Value at which answers leave the field out. */
  readonly absentAt?: unknown;
  /** Kinds of items that have it; absent: all. */
  readonly kinds?: readonly string[];
}
