/** JSON Schemas of messages, as the HTTP side reads and writes them. */
import { ScalarType, type DescField, type DescMessage } from '@bufbuild/protobuf';
import type { Comments } from './comments';

export type Schema = Record<string, unknown>;

const SCALARS = new Map<ScalarType, Schema>([
  [ScalarType.STRING, { type: 'string' }],
  [ScalarType.BOOL, { type: 'boolean' }],
  [ScalarType.BYTES, { type: 'string', contentEncoding: 'base64' }],
  [ScalarType.INT32, { type: 'integer', format: 'int32' }],
  [ScalarType.UINT32, { type: 'integer', format: 'int64', minimum: 0, maximum: 4_294_967_295 }],
  // 64 bits do not fit a JSON number: a text.
  [ScalarType.INT64, { type: 'string', pattern: '^-?[0-9]{1,19}$' }],
  [ScalarType.UINT64, { type: 'string', pattern: '^[0-9]{1,20}$' }],
]);

const WELL_KNOWN: Record<string, Schema> = {
  'google.protobuf.Timestamp': { type: 'string', format: 'date-time' },
  'google.protobuf.Struct': { type: 'object', additionalProperties: true },
};

/** Collects the messages that the document names, each once. */
export class Schemas {
  readonly components: Record<string, Schema> = {};

  constructor(private readonly comments: Comments) {}

  /** Reference to a message. */
  ref(message: DescMessage): Schema {
    if (this.components[message.name] === undefined) {
      // In place first: a message may contain itself.
      const schema: Schema = (this.components[message.name] = { type: 'object' });
      Object.assign(schema, described(this.comments.of(message)), { properties: this.properties(message, false) });
    }
    return { $ref: `#/components/schemas/${message.name}` };
  }

  /** What a PATCH of the message may hold: fields that are written, each also as null. */
  patch(message: DescMessage): Schema {
    const name = `${message.name}Update`;
    this.components[name] ??= {
      type: 'object',
      description: `Changes of a ${message.name}: what is absent stays, null clears.`,
      properties: this.properties(message, true),
    };
    return { $ref: `#/components/schemas/${name}` };
  }

  /** A field on its own, as in a query. */
  field(field: DescField): Schema {
    const one = this.value(field);
    return field.fieldKind === 'list' ? { type: 'array', items: one } : one;
  }

  /** The fields of a message but for those that stand elsewhere in the request. */
  object(message: DescMessage, without: ReadonlySet<string>): Schema {
    return { type: 'object', properties: this.properties(message, false, without) };
  }

  private properties(message: DescMessage, patch: boolean, without: ReadonlySet<string> = new Set()): Schema {
    const properties: Schema = {};
    for (const field of message.fields) {
      const comment = this.comments.of(field);
      const readOnly = /\bOutput only\b/.test(comment);
      if (without.has(field.name) || (patch && readOnly)) continue;
      const schema = this.field(field);
      const access = readOnly ? { readOnly } : /\bInput only\b/.test(comment) ? { writeOnly: true } : {};
      const texts = { ...described(comment), ...access };
      properties[field.name] = { ...(patch ? nullable(schema) : schema), ...texts };
    }
    return properties;
  }

  private value(field: DescField): Schema {
    if (field.message !== undefined) return WELL_KNOWN[field.message.typeName] ?? this.ref(field.message);
    if (field.enum !== undefined) return { type: 'string', enum: field.enum.values.map((value) => value.name) };
    const scalar = field.scalar === undefined ? undefined : SCALARS.get(field.scalar);
    if (scalar === undefined) throw new Error(`${field.parent.typeName}.${field.name} has no JSON form here`);
    return scalar;
  }
}

const nullable = (schema: Schema): Schema =>
  '$ref' in schema ? { anyOf: [schema, { type: 'null' }] } : { ...schema, type: [schema.type, 'null'] };

export const described = (description: string): Schema => (description === '' ? {} : { description });
