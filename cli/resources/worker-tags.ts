/**
 * Tags of workers on the command line: `-tag key=value1,value2`, once for each key or more often,
 * or as JSON.
 */
import { editCommand } from '../core/builders';
import type { Command } from '../core/command';
import { UsageError } from '../io/errors';
import { workers } from './workers';

type Tags = Record<string, string[]>;

const refuse = (text: string): never => {
  throw new UsageError(
    `-tag ${JSON.stringify(text)} must be of the form key=value1,value2 or, for commas and equal signs in them, JSON ` +
      'such as {"key": ["value1", "value2"]}',
  );
};

/** What keys and values may be is for the controller to say. */
function readTag(text: string): Tags {
  const json = jsonTags(text);
  if (json !== undefined) return json;
  const equals = text.indexOf('=');
  const key = text.slice(0, Math.max(equals, 0)).trim();
  const values = text.slice(equals + 1).split(',');
  return key === '' ? refuse(text) : { [key]: values.map((value) => value.trim() || refuse(text)) };
}

/** Undefined for what is no JSON object. */
function jsonTags(text: string): Tags | undefined {
  if (!text.startsWith('{')) return undefined;
  let tags: unknown;
  try {
    tags = JSON.parse(text);
  } catch {
    return undefined;
  }
  const isList = (value: unknown): boolean => Array.isArray(value) && value.every((one) => typeof one === 'string');
  return Object.values(tags as object).every(isList) ? (tags as Tags) : refuse(text);
}

/** `{key: [values]}` of all flags together. */
export function tagsOf(texts: readonly string[]): Tags {
  const tags = new Map<string, string[]>();
  for (const [key, values] of texts.flatMap((text) => Object.entries(readTag(text))))
    tags.set(key, [...(tags.get(key) ?? []), ...values]);
  return Object.fromEntries(tags);
}

export const tagCommand = (verb: 'add' | 'set' | 'remove'): Command =>
  editCommand(workers, {
    verb: `${verb}-worker-tags`,
    method: `${verb}WorkerTags`,
    flag: 'tag',
    what: 'Tag and its values: key=value1,value2, or JSON: {"key": ["value1", "value2"]}',
    field: 'api_tags',
    check: (text) => void readTag(text),
    encode: tagsOf,
    examples: [`workers ${verb}-worker-tags -id w_1234567890 -tag region=eu,us`],
  });
