/**
 * Tags of workers on the command line: `-tag key=value1,value2`, once for each key or more often.
 */
import { editCommand } from '../core/builders';
import type { Command } from '../core/command';
import { UsageError } from '../core/errors';
import { workers } from './workers';

const NAME = /^[a-zA-Z]\w*$/;

const refuse = (text: string): never => {
  throw new UsageError(
    `-tag ${JSON.stringify(text)} must be of the form key=value1,value2; keys and values are letters, digits and ` +
      'underscores and begin with a letter',
  );
};

function readTag(text: string): { key: string; values: string[] } {
  const [key = '', list = '', ...more] = text.split('=');
  const values = list.split(',').map((value) => value.trim());
  if (more.length > 0 || !NAME.test(key.trim()) || !values.every((value) => NAME.test(value))) refuse(text);
  return { key: key.trim(), values };
}

/** `{key: [values]}` of all flags together. */
function tagsOf(texts: readonly string[]): Record<string, string[]> {
  const tags: Record<string, string[]> = {};
  for (const { key, values } of texts.map(readTag)) tags[key] = [...(tags[key] ?? []), ...values];
  return tags;
}

export const tagCommand = (verb: 'add' | 'set' | 'remove'): Command =>
  editCommand(workers, {
    verb: `${verb}-worker-tags`,
    method: `${verb}WorkerTags`,
    flag: 'tag',
    what: 'Tag and its values: key=value1,value2',
    field: 'api_tags',
    check: (text) => void readTag(text),
    encode: tagsOf,
    examples: [`workers ${verb}-worker-tags -id w_1234567890 -tag region=eu,us`],
  });
