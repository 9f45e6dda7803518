/** The descriptors of all protos: what routes and reflection are read from. */
import { createFileRegistry, fromBinary, type FileRegistry } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';

export type Descriptors = FileRegistry;

/** Reads a FileDescriptorSet, as `proto/gen/image.binpb` holds it. */
export const loadDescriptors = (image: Uint8Array): Descriptors =>
  createFileRegistry(fromBinary(FileDescriptorSetSchema, image));
