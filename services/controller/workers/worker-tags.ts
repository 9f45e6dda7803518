/**
 * Tags that administrators give workers: what is acceptable in a request, and what an action makes
 * of those there are.
 */
import { type ApiError, invalidArgument } from '../../../lib/errors/errors';
import { limit } from '../../../lib/limits/limit';
import { checkListEdit, MESSAGE, type FieldErrors } from '../resources/fields';
import type { ListVerb } from '../resources/list-edits';
import { NOT_UNIQUE } from '../rpc/error-mapping';
import { WORKER_PREFIX, type Tags } from './workers';

export const MAX_TAG_TEXT = limit('length of a tag', 512, {
  what: 'key or value of a tag of a worker',
  unit: 'characters',
  reached: '400, naming the field',
  test: 'services/controller/workers/workers.test.ts: what cannot be done changes nothing',
});
/** Also limits the tags of the worker's own configuration. */
export const MAX_TAGS = limit('tags of a worker', 1_000, {
  what: 'pairs of key and value that administrators give one worker, and that its configuration has',
  unit: 'tags',
  reached: '400, naming the field; further ones of the configuration are left out',
  test: 'services/controller/workers/workers.test.ts: what cannot be done changes nothing',
});
/** Each value with its key. */
export const MAX_TAG_BYTES = limit('bytes of the tags of a worker', 16 * 1024, {
  what: 'keys and values of the tags that administrators give one worker, and of those that its configuration has',
  unit: 'bytes',
  reached: '400, naming the field; further ones of the configuration are left out',
  test: 'services/controller/workers/workers.test.ts: what cannot be done changes nothing',
});
const TOO_MANY = `A worker has at most ${MAX_TAGS} tags of ${MAX_TAG_BYTES} bytes in all.`;
const FIELD = 'api_tags';

export interface TagsRequest {
  id: string;
  version: number;
  api_tags?: Readonly<Record<string, unknown>> | undefined;
}

/** The tags of a request, each value once. Throws 400 with everything that is wrong. */
export function readTags(verb: ListVerb, request: TagsRequest): Tags {
  const given = Object.entries(request.api_tags ?? {});
  const list = { field: FIELD, values: given.map(([key]) => key), mayBeEmpty: verb === 'set' };
  const errors = checkListEdit(request, [WORKER_PREFIX], list);
  const tags: Tags = {};
  for (const [key, values] of given) {
    addProblem(errors, 'keys', key);
    errors.require(Array.isArray(values) && values.length > 0, FIELD, 'Tag values must be non-empty.');
    if (!Array.isArray(values)) continue;
    const texts = values.filter((value): value is string => typeof value === 'string');
    errors.require(texts.length === values.length, FIELD, 'Tag values must be strings.');
    for (const text of texts) addProblem(errors, 'values', text);
    tags[key] = [...new Set(texts)];
  }
  errors.require(verb === 'remove' || areFew(tags), FIELD, TOO_MANY);
  errors.throwIfAny(MESSAGE.fields);
  return tags;
}

/** What a value with its key takes. */
export const tagBytes = (key: string, value: string): number => Buffer.byteLength(key) + Buffer.byteLength(value);

function areFew(tags: Tags): boolean {
  let [pairs, bytes] = [0, 0];
  for (const [key, values] of Object.entries(tags)) {
    pairs += values.length;
    for (const value of values) bytes += tagBytes(key, value);
  }
  return pairs <= MAX_TAGS && bytes <= MAX_TAG_BYTES;
}

function addProblem(errors: FieldErrors, what: 'keys' | 'values', text: string): void {
  errors.require(text !== '', FIELD, `Tag ${what} must be non-empty.`);
  errors.require(text.length <= MAX_TAG_TEXT, FIELD, `Tag ${what} must be within ${MAX_TAG_TEXT} characters.`);
  errors.require(!/[\p{C}\p{Zl}\p{Zp}]/u.test(text), FIELD, `Tag ${what} must only have printable characters.`);
}

/**
 * The tags after the action. Throws 400 when it adds what is there or too many, or removes what is
 * not there.
 */
export function editedTags(verb: ListVerb, current: Tags, given: Tags): Tags {
  if (verb === 'set') return given;
  const edited = new Map(Object.entries(current).map(([key, values]) => [key, new Set(values)]));
  for (const [key, values] of Object.entries(given)) {
    const there = edited.get(key) ?? new Set<string>();
    for (const value of values) {
      if (there.has(value) === (verb === 'add')) throw refusal(verb);
      if (verb === 'add') there.add(value);
      else there.delete(value);
    }
    edited.set(key, there);
  }
  const left: Tags = Object.fromEntries(
    [...edited].filter(([, values]) => values.size > 0).map(([key, values]) => [key, [...values]]),
  );
  if (verb === 'add' && !areFew(left)) throw invalidArgument(UNABLE, [{ name: FIELD, description: TOO_MANY }]);
  return left;
}

const UNABLE = 'Unable to change the tags of the worker.';

const refusal = (verb: ListVerb): ApiError =>
  verb === 'add'
    ? invalidArgument(NOT_UNIQUE, [
        { name: FIELD, description: 'Must only contain tags that the worker does not have.' },
      ])
    : invalidArgument(UNABLE, [{ name: FIELD, description: 'Must only contain tags of the worker.' }]);
