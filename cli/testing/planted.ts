/**
 * Answers of the API with a text of the test's choice in each field that holds text, whatever the
 * message.
 */
import { createFileRegistry, fromBinary, ScalarType, type DescField, type DescMessage } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { readFileSync } from 'node:fs';
import { packageFile } from '../../lib/config/package-root';

/** Messages inside of messages; none of ours goes deeper. */
const MAX_DEPTH = 8;
const TIME = '2024-01-02T03:04:05Z';

/** Makes answers by method, `sallyport.api.v1.TargetService/GetTarget`. */
export function planter(text: string): (method: string) => Record<string, unknown> {
  const image = readFileSync(packageFile('proto', 'gen', 'image.binpb'));
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, image));
  return (method) => {
    const [service, name] = method.split('/') as [string, string];
    const found = registry.getService(service)?.methods.find((one) => one.name === name);
    if (found === undefined) throw new Error(`there is no method ${method}`);
    return message(found.output, text, 0);
  };
}

function message(type: DescMessage, text: string, depth: number): Record<string, unknown> {
  if (depth > MAX_DEPTH) return {};
  // What is said to be removed is not shown.
  const fields = type.fields.filter(({ name }) => name !== 'removed_ids');
  return Object.fromEntries(fields.map((field) => [field.name, value(field, text, depth)]));
}

function value(field: DescField, text: string, depth: number): unknown {
  // Free forms whose values are known to be lists.
  if (/^authorized_collection_actions$|_tags$/.test(field.name)) return { [text]: [text] };
  if (field.fieldKind === 'list') {
    const one =
      field.listKind === 'message'
        ? wellKnown(field.message, text, depth)
        : scalar(field.listKind === 'scalar' ? field.scalar : undefined, text);
    return [one, one];
  }
  if (field.fieldKind === 'map')
    return {
      [text]:
        field.mapKind === 'message'
          ? wellKnown(field.message, text, depth)
          : scalar(field.mapKind === 'scalar' ? field.scalar : undefined, text),
    };
  if (field.fieldKind === 'message') return wellKnown(field.message, text, depth);
  return scalar(field.fieldKind === 'scalar' ? field.scalar : undefined, text);
}

function wellKnown(type: DescMessage, text: string, depth: number): unknown {
  switch (type.typeName) {
    case 'google.protobuf.Timestamp':
      return TIME;
    case 'google.protobuf.Struct':
      return { [text]: text, list: [text, { [text]: text }], private_key: text, auth_url: text, token: text };
    case 'google.protobuf.Value':
    case 'google.protobuf.StringValue':
      return text;
    case 'google.protobuf.ListValue':
      return [text];
    case 'google.protobuf.BoolValue':
      return true;
    case 'google.protobuf.UInt32Value':
    case 'google.protobuf.Int32Value':
      return 1;
    default:
      return message(type, text, depth + 1);
  }
}

/** Without a type: an enumeration. */
function scalar(type: ScalarType | undefined, text: string): unknown {
  if (type === ScalarType.STRING) return text;
  if (type === ScalarType.BYTES) return Buffer.from(text).toString('base64');
  return type === ScalarType.BOOL ? true : 1;
}
