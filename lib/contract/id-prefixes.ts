/**
 * Prefixes of public ids, by kind and subtype. New ids get the first one. The others are older
 * forms, or forms of things that this release does not make.
 */
import { PREFIXES } from '../../proto/gen/nouns/prefixes';
import { hasIdForm, newId, type RandomInt } from '../ids/ids';

export const ID_PREFIXES = {
  ...PREFIXES,
  /** These exist inside a session or a scope; no grant names them. */
  connection: { connection: ['sc'] },
  key: { root: ['krk'], data: ['kdk'] },
  'key-version': { root: ['krkv'], data: ['kdkv'] },
} as const satisfies Record<string, Record<string, readonly [string, ...string[]]>>;

export type IdKind = keyof typeof ID_PREFIXES;
type SubtypeOf<K extends IdKind> = keyof (typeof ID_PREFIXES)[K] & string;

/** Prefix of new ids. */
export const prefixOf = <K extends IdKind>(kind: K, subtype: SubtypeOf<K>): string => allOf(kind)[subtype]![0]!;

/** A new random id. */
export const newIdOf = <K extends IdKind>(kind: K, subtype: SubtypeOf<K>, random?: RandomInt): string =>
  newId(prefixOf(kind, subtype), random);

/** All prefixes of a kind, or of one of its subtypes. */
export const prefixesOf = <K extends IdKind>(kind: K, subtype?: SubtypeOf<K>): readonly string[] =>
  subtype === undefined ? Object.values(allOf(kind)).flat() : allOf(kind)[subtype]!;

/** Whether a text has the form of an id of the kind. */
export const isIdOf = <K extends IdKind>(id: string, kind: K, subtype?: SubtypeOf<K>): boolean =>
  hasIdForm(id, ...prefixesOf(kind, subtype));

/** The subtype that a prefix of the kind tells. */
export const subtypeOf = <K extends IdKind>(id: string, kind: K): SubtypeOf<K> | undefined => {
  const prefix = id.slice(0, Math.max(id.lastIndexOf('_'), 0));
  return (Object.keys(allOf(kind)) as SubtypeOf<K>[]).find((subtype) => allOf(kind)[subtype]!.includes(prefix));
};

const allOf = (kind: IdKind): Readonly<Record<string, readonly string[]>> => ID_PREFIXES[kind];
