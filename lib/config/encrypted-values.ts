/**
 * Encrypted values in configuration files. `{{encrypt(text)}}` marks what is to be encrypted,
 * `{{decrypt(sealed)}}` holds what was; sealed is a blob (lib/config/sealed.ts) in base64url
 * without padding, the form of Boundary's `config` commands. A marker ends at the first `)}}` and
 * does not span lines.
 */
import type { AeadKey } from './aead-key';
import { openBlob, sealBlob } from './sealed';

const ENCRYPT = /\{\{encrypt\((.*?)\)\}\}/g;
const DECRYPT = /\{\{decrypt\((.*?)\)\}\}/g;

export class EncryptedValueError extends Error {
  override readonly name = 'EncryptedValueError';
}

export interface Marked {
  text: string;
  /** Markers that were replaced. */
  count: number;
}

/**
 * Encrypts what is marked; without `strip` the results stand in markers for {@link decryptMarked}.
 */
export const encryptMarked = (text: string, key: AeadKey, strip: boolean): Marked =>
  replaceMarked(text, ENCRYPT, (value) => wrap('decrypt', seal(key, value), strip));

/**
 * Decrypts what is marked; without `strip` the results stand in markers for {@link encryptMarked}.
 */
export const decryptMarked = (text: string, key: AeadKey, strip: boolean): Marked =>
  replaceMarked(text, DECRYPT, (sealed, line) => wrap('encrypt', open(key, sealed, line), strip));

const wrap = (verb: string, value: string, strip: boolean): string => (strip ? value : `{{${verb}(${value})}}`);

function replaceMarked(text: string, marker: RegExp, change: (inside: string, line: number) => string): Marked {
  let count = 0;
  const replaced = text.replace(marker, (_, inside: string, at: number) => {
    count++;
    return change(inside, text.slice(0, at).split('\n').length);
  });
  return { text: replaced, count };
}

const seal = (key: AeadKey, text: string): string => sealBlob(key, text).toString('base64url');

// The error holds neither the sealed text nor anything that was read of it.
function open(key: AeadKey, sealed: string, line: number): string {
  try {
    return openBlob(key, Buffer.from(sealed, 'base64url'));
  } catch (cause) {
    throw new EncryptedValueError(
      `line ${line}: the {{decrypt(...)}} there was not made with the "config" key at hand, or was changed`,
      { cause },
    );
  }
}
