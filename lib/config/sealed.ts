/**
 * What an {@link AeadKey} encrypts: a SealedBlob (proto/transport/sealed.proto) around AES-256-GCM,
 * the form of Boundary's recovery tokens and encrypted configuration values.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { SealedBlob } from '../../proto/gen/transport/sealed';
import type { AeadKey } from './aead-key';

const IV_BYTES = 12;
const TAG_BYTES = 16;
const OPTIONS = { authTagLength: TAG_BYTES };

/** The blob's bytes. */
export function sealBlob({ id, key }: AeadKey, text: string): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv, OPTIONS);
  const ciphertext = Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return Buffer.from(SealedBlob.encode({ ciphertext, key_info: { key_id: id } }).finish());
}

/**
 * The decrypted text. Throws when the bytes are no blob, when the key is another one, or when a bit
 * was changed. The id of the key does not matter.
 */
export function openBlob({ key }: AeadKey, bytes: Uint8Array): string {
  const { ciphertext } = SealedBlob.decode(bytes);
  const end = ciphertext.length - TAG_BYTES;
  const decipher = createDecipheriv('aes-256-gcm', key, ciphertext.subarray(0, IV_BYTES), OPTIONS);
  decipher.setAuthTag(ciphertext.subarray(end));
  return Buffer.concat([decipher.update(ciphertext.subarray(IV_BYTES, end)), decipher.final()]).toString('utf8');
}
