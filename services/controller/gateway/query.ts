/**
 * Query parameters to the fields of a request. Unknown ones are ignored, repeated ones refused as
 * ambiguous.
 */
import { ScalarType, type DescField, type DescMessage } from '@bufbuild/protobuf';
import type { Json, JsonObject } from './json-body';
import { badField } from './to-message';

const TRUE = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

/** JSON form of the parameters that name a scalar, a list of scalars or a mask. Throws 400. */
export function queryJson(message: DescMessage, query: URLSearchParams): JsonObject {
  const json: JsonObject = {};
  for (const field of message.fields) {
    const values = query.getAll(field.name);
    const [value] = values;
    if (value === undefined) continue;
    if (field.fieldKind === 'list') json[field.name] = values.map((one) => scalar(field, one));
    else if (values.length > 1) throw badField(field.name, 'This parameter is given more than once.');
    else if (field.fieldKind === 'scalar') json[field.name] = scalar(field, value);
  }
  return json;
}

function scalar(field: DescField, text: string): Json {
  if (field.scalar !== ScalarType.BOOL) return text;
  if (!TRUE.has(text) && !FALSE.has(text)) throw badField(field.name, 'This field must be true or false.');
  return TRUE.has(text);
}

/** Paths of `?update_mask=a,b`, undefined when it is not there. */
export function maskOfQuery(query: URLSearchParams): string[] | undefined {
  return query
    .get('update_mask')
    ?.split(',')
    .map((path) => path.trim())
    .filter((path) => path !== '');
}
