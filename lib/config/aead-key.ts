/**
 * `kms` blocks of type `aead`: a key in the configuration file itself, or in the variable or file
 * that it names.
 */
import type { Fields } from './fields';

export interface AeadKey {
  /** Tells keys from each other; no secret. */
  id: string;
  /** {@link AEAD_KEY_BYTES}. */
  key: Buffer;
}

/** AES-256. */
export const AEAD_KEY_BYTES = 32;

export const KMS_PURPOSES = [
  ...(['root', 'previous-root', 'worker-auth', 'downstream-worker-auth', 'worker-auth-storage'] as const),
  ...(['recovery', 'bsr', 'config'] as const),
];
export type KmsPurpose = (typeof KMS_PURPOSES)[number];

/** The purposes of a block; notes a problem when there is none or one that does not exist. */
export function readPurposes(block: Fields): KmsPurpose[] {
  const texts = block.texts('purpose') ?? [];
  const known = KMS_PURPOSES.filter((purpose) => texts.includes(purpose));
  if (known.length === 0 || known.length < new Set(texts).size) {
    block.problem('purpose', `one or several of ${KMS_PURPOSES.join(', ')}`);
  }
  return known;
}

/** The first `kms` block with the purpose, if there is one; other blocks are not looked at. */
export const findKmsBlock = (top: Fields, purpose: KmsPurpose): Fields | undefined =>
  top.blocks('kms').find((block) => (block.texts('purpose') ?? []).includes(purpose));

/** The key of a block; `fallbackId` names one without a `key_id`. */
export function readAeadKey(block: Fields, fallbackId: string): AeadKey {
  if (block.text('type') !== 'aead') block.problem('type', '"aead"');
  block.word('aead_type', ['aes-gcm']);
  const remedy = `${AEAD_KEY_BYTES} random bytes in base64 ("openssl rand -base64 ${AEAD_KEY_BYTES}")`;
  const text = block.requiredText('key', remedy);
  const key = Buffer.from(text, 'base64');
  if (text !== '' && key.length !== AEAD_KEY_BYTES) {
    block.problem('key', `exactly ${AEAD_KEY_BYTES} bytes in base64`);
  }
  return { id: block.text('key_id') ?? fallbackId, key };
}
