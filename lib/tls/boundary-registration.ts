/**
 * Registration requests of Boundary's own workers, as far as the resource goes that is made of one:
 * base58 of a protobuf message with a signed bundle, which holds the worker's public key, a nonce
 * and until when the request is valid.
 */
import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { decodeBase58 } from '../ids/base58';
import { limit } from '../limits/limit';

/** Numbers of the fields that count, in the request, in its bundle and in a time. */
const BUNDLE = 28;
const BUNDLE_SIGNATURE = 29;
const PUBLIC_KEY = 2;
const NOT_BEFORE = 7;
const NOT_AFTER = 8;
const NONCE = 20;
const SECONDS = 1;
const NONCE_BYTES = 32;
/** Such requests have about 400. */
const MAX_TEXT = limit('registration request of Boundary', 2_000, {
  what: 'registration request of a worker of Boundary, as an administrator brings it',
  unit: 'characters',
  reached: '400, naming the field',
  test: 'services/controller/workers/workers.test.ts: a request of a worker of Boundary makes a resource',
});
/** Clocks of workers and controllers may differ by this. */
const SKEW_MS = 10 * 60_000;

export interface BoundaryRegistration {
  /** SubjectPublicKeyInfo, DER. */
  publicKey: Buffer;
  nonce: Buffer;
  /** Whether the request is valid at the time it was looked at. */
  isValid: boolean;
}

/** Undefined when the text is no such request, or was not signed with the key that it names. */
export function decodeBoundaryRegistration(text: string, now: Date): BoundaryRegistration | undefined {
  const bytes = text.length > MAX_TEXT ? undefined : decodeBase58(text.trim());
  const request = bytes && fieldsOf(bytes);
  const bundle = request?.texts.get(BUNDLE);
  const signature = request?.texts.get(BUNDLE_SIGNATURE);
  const info = bundle && fieldsOf(bundle);
  const publicKey = info?.texts.get(PUBLIC_KEY);
  const nonce = info?.texts.get(NONCE);
  const key = publicKey && ed25519(publicKey);
  if (!bundle || !signature || !key || nonce?.length !== NONCE_BYTES) return undefined;
  if (!verify(null, bundle, key, signature)) return undefined;
  const [from, to] = [timeOf(info!.texts.get(NOT_BEFORE)), timeOf(info!.texts.get(NOT_AFTER))];
  const isValid = from <= now.getTime() + SKEW_MS && to > now.getTime() - SKEW_MS;
  return { publicKey: Buffer.from(publicKey), nonce: Buffer.from(nonce), isValid };
}

interface Fields {
  /** Texts, bytes and messages. */
  texts: Map<number, Uint8Array>;
  numbers: Map<number, number>;
}

/** Fields of a message by number, the last of each; undefined when it cannot be read. */
function fieldsOf(bytes: Uint8Array): Fields | undefined {
  const fields: Fields = { texts: new Map(), numbers: new Map() };
  try {
    const reader = new BinaryReader(bytes);
    while (reader.pos < reader.len) {
      const [number, type] = reader.tag();
      if (type === WireType.LengthDelimited) fields.texts.set(number, reader.bytes());
      else if (type === WireType.Varint) fields.numbers.set(number, Number(reader.int64()));
      else reader.skip(type, number);
    }
    return fields;
  } catch {
    return undefined;
  }
}

/** Milliseconds of a protobuf time; not a number when it is none. */
const timeOf = (bytes: Uint8Array | undefined): number =>
  (bytes === undefined ? NaN : (fieldsOf(bytes)?.numbers.get(SECONDS) ?? NaN)) * 1_000;

function ed25519(publicKey: Uint8Array): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' });
    return key.asymmetricKeyType === 'ed25519' ? key : undefined;
  } catch {
    return undefined;
  }
}
