/**
 * Comments of the protos, by full name of what they describe; only in images that were built with
 * source info.
 */
import type { DescField, DescMessage, DescMethod, DescService } from '@bufbuild/protobuf';
import type { Descriptors } from '../../rpc/descriptors';

/** Field numbers of descriptor.proto, of which paths into a file are made. */
const MESSAGE = 4;
const SERVICE = 6;
const MEMBER = 2;

export type Documented = DescMessage | DescField | DescService | DescMethod;

export interface Comments {
  /** One paragraph, empty when there is none. */
  of(what: Documented): string;
}

export function readComments(descriptors: Descriptors): Comments {
  const texts = new Map<string, string>();
  for (const file of descriptors.files) {
    for (const { path, leadingComments } of file.proto.sourceCodeInfo?.location ?? []) {
      const text = leadingComments.replace(/\s+/g, ' ').trim();
      if (text !== '') texts.set(`${file.name} ${path.join('.')}`, text);
    }
  }
  return { of: (what) => texts.get(keyOf(what)) ?? '' };
}

function keyOf(what: Documented): string {
  switch (what.kind) {
    case 'message':
      return `${what.file.name} ${MESSAGE}.${what.file.messages.indexOf(what)}`;
    case 'service':
      return `${what.file.name} ${SERVICE}.${what.file.services.indexOf(what)}`;
    case 'field':
      return `${keyOf(what.parent)}.${MEMBER}.${what.parent.fields.indexOf(what)}`;
    case 'rpc':
      return `${keyOf(what.parent)}.${MEMBER}.${what.parent.methods.indexOf(what)}`;
  }
}
