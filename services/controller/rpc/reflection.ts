/**
 * Server reflection, so that tools such as grpcurl need no protos. The wire format (v1 and v1alpha)
 * is that of \@grpc/reflection; the answers are ours, because the package spends half a second at
 * start to index the files, and buffers without limit for a client that does not read.
 */
import { status, type Metadata, type Server, type ServiceDefinition, type ServerDuplexStream } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { toBinary, type DescFile } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import type { Held } from '../../../lib/limits/port-shares';
import type { Descriptors } from './descriptors';

interface ReflectionRequest {
  host: string;
  /** Name of the field below that is set. */
  messageRequest?: string;
  fileByFilename?: string;
  fileContainingSymbol?: string;
  fileContainingExtension?: { containingType: string; extensionNumber: number };
  allExtensionNumbersOfType?: string;
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
  const definitions: ServiceDefinition[] = [];
  new ReflectionService({}).addToServer({
    addService: (definition) => void definitions.push(definition),
  });
  for (const definition of definitions) {
    server.addService(definition, {
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
  const bytes = (message.fileDescriptorResponse?.fileDescriptorProto ?? []).reduce((sum, file) => sum + file.length, 0);
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
  fileDescriptorResponse?: { fileDescriptorProto: Uint8Array[] };
}

function answer(request: ReflectionRequest, { descriptors, services }: Reflected): Answer {
  const response = { validHost: request.host, originalRequest: request };
  if (request.messageRequest === 'listServices') {
    return { ...response, listServicesResponse: { service: services.map((name) => ({ name })) } };
  }
  if (request.messageRequest === 'allExtensionNumbersOfType') {
    const baseTypeName = request.allExtensionNumbersOfType ?? '';
    const extensionNumber = [...descriptors].flatMap((d) =>
      d.kind === 'extension' && d.extendee.typeName === baseTypeName ? [d.number] : [],
    );
    return { ...response, allExtensionNumbersResponse: { baseTypeName, extensionNumber } };
  }
  const file = findFile(request, descriptors);
  if (file === undefined) {
    return { ...response, errorResponse: { errorCode: status.NOT_FOUND, errorMessage: 'not found' } };
  }
  const fileDescriptorProto = withImports(file).map(bytesOf);
  return { ...response, fileDescriptorResponse: { fileDescriptorProto } };
}

/** Descriptors do not change, and anybody may ask for them. */
const encoded = new WeakMap<DescFile, Uint8Array>();

function bytesOf(file: DescFile): Uint8Array {
  const bytes = encoded.get(file) ?? toBinary(FileDescriptorProtoSchema, file.proto);
  encoded.set(file, bytes);
  return bytes;
}

function findFile(request: ReflectionRequest, descriptors: Descriptors): DescFile | undefined {
  switch (request.messageRequest) {
    case 'fileByFilename':
      return descriptors.getFile(request.fileByFilename ?? '');
    case 'fileContainingSymbol': {
      const symbol = request.fileContainingSymbol ?? '';
      // Fields, values and methods stand in the file of what they belong to.
      return (descriptors.get(symbol) ?? descriptors.get(symbol.slice(0, symbol.lastIndexOf('.'))))?.file;
    }
    case 'fileContainingExtension': {
      const { containingType, extensionNumber } = request.fileContainingExtension ?? {};
      return [...descriptors].find(
        (d) => d.kind === 'extension' && d.extendee.typeName === containingType && d.number === extensionNumber,
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
