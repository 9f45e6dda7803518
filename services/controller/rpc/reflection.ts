/**
 * Server reflection, so that tools such as grpcurl need no protos. The protocol (v1 and v1alpha) is
 * read by \@grpc/proto-loader; the answers are the files of our descriptor set as they are, which
 * the loader would regroup by package, without imports, JSON names and optional fields
 * (docs/adr/0011-reflection-and-proto-loader.md).
 */
import { readFileSync } from 'node:fs';
import { status, type Metadata, type Server, type ServiceDefinition, type ServerDuplexStream } from '@grpc/grpc-js';
import { loadFileDescriptorSetFromBuffer } from '@grpc/proto-loader';
import { toBinary, type DescFile } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { packageFile } from '../../../lib/config/package-root';
import type { Held } from '../../../lib/limits/port-shares';
import type { Descriptors } from './descriptors';

interface ReflectionRequest {
  host: string;
  /** Name of the field below that is set. */
  message_request?: string;
  file_by_filename?: string;
  file_containing_symbol?: string;
  file_containing_extension?: { containing_type: string; extension_number: number };
  all_extension_numbers_of_type?: string;
}

interface Reflected {
  descriptors: Descriptors;
  /** Full names. */
  services: readonly string[];
  /** What a call holds. */
  heldBy(metadata: Metadata): Held | undefined;
}

/** Adds reflection of the services and every type they use. */
export function addReflection(server: Server, reflected: Reflected): void {
  const set = readFileSync(packageFile('proto/gen/reflection.binpb'));
  const protocol = loadFileDescriptorSetFromBuffer(set, { defaults: true, oneofs: true });
  for (const version of ['v1', 'v1alpha']) {
    server.addService(protocol[`grpc.reflection.${version}.ServerReflection`] as ServiceDefinition, {
      ServerReflectionInfo: (stream: ServerDuplexStream<ReflectionRequest, object>) => {
        stream.on('end', () => stream.end());
        // Without a listener, a stream whose client goes away would end the process.
        stream.on('error', () => {});
        const held = reflected.heldBy(stream.metadata);
        stream.on('data', (request: ReflectionRequest) => send(stream, held, answer(request, reflected)));
      },
    });
  }
}

/** One answer at a time: the next request is read when this one is on its way. */
function send(stream: ServerDuplexStream<ReflectionRequest, object>, held: Held | undefined, message: Answer): void {
  const bytes = (message.file_descriptor_response?.file_descriptor_proto ?? []).reduce(
    (sum, file) => sum + file.length,
    0,
  );
  if (held?.grow(bytes) !== undefined) {
    stream.emit('error', { code: status.RESOURCE_EXHAUSTED, details: 'Too many answers are not read yet.' });
    return;
  }
  stream.pause();
  stream.write(message, () => {
    held?.grow(-bytes);
    stream.resume();
  });
}

interface Answer {
  [field: string]: unknown;
  file_descriptor_response?: { file_descriptor_proto: Uint8Array[] };
}

function answer(request: ReflectionRequest, { descriptors, services }: Reflected): Answer {
  const response = { valid_host: request.host, original_request: request };
  if (request.message_request === 'list_services') {
    return { ...response, list_services_response: { service: services.map((name) => ({ name })) } };
  }
  if (request.message_request === 'all_extension_numbers_of_type') {
    const base_type_name = request.all_extension_numbers_of_type ?? '';
    const extension_number = [...descriptors].flatMap((d) =>
      d.kind === 'extension' && d.extendee.typeName === base_type_name ? [d.number] : [],
    );
    return { ...response, all_extension_numbers_response: { base_type_name, extension_number } };
  }
  const file = findFile(request, descriptors);
  if (file === undefined) {
    return { ...response, error_response: { error_code: status.NOT_FOUND, error_message: 'not found' } };
  }
  const file_descriptor_proto = withImports(file).map(bytesOf);
  return { ...response, file_descriptor_response: { file_descriptor_proto } };
}

/** Descriptors do not change, and anybody may ask for them. */
const encoded = new WeakMap<DescFile, Uint8Array>();

function bytesOf(file: DescFile): Uint8Array {
  const bytes = encoded.get(file) ?? toBinary(FileDescriptorProtoSchema, file.proto);
  encoded.set(file, bytes);
  return bytes;
}

function findFile(request: ReflectionRequest, descriptors: Descriptors): DescFile | undefined {
  switch (request.message_request) {
    case 'file_by_filename':
      return descriptors.getFile(request.file_by_filename ?? '');
    case 'file_containing_symbol': {
      const symbol = request.file_containing_symbol ?? '';
      // Fields, values and methods stand in the file of what they belong to.
      return (descriptors.get(symbol) ?? descriptors.get(symbol.slice(0, symbol.lastIndexOf('.'))))?.file;
    }
    case 'file_containing_extension': {
      const { containing_type, extension_number } = request.file_containing_extension ?? {};
      return [...descriptors].find(
        (d) => d.kind === 'extension' && d.extendee.typeName === containing_type && d.number === extension_number,
      )?.file;
    }
    default:
      return undefined;
  }
}

/** The file and all it imports, each once. */
function withImports(file: DescFile): DescFile[] {
  const files = new Set([file]);
  for (const one of files) for (const dependency of one.dependencies) files.add(dependency);
  return [...files];
}
