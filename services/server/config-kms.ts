/** `kms` blocks: the root key of the envelope encryption, and the recovery key. */
import { readAeadKey, readPurposes, type AeadKey, type KmsPurpose } from '../../lib/config/aead-key';
import type { Fields } from '../../lib/config/fields';

export interface Keys {
  root: AeadKey | undefined;
  recovery: AeadKey | undefined;
}

const USED = ['root', 'recovery'] as const;
type Used = (typeof USED)[number];

const isUsed = (purpose: KmsPurpose): purpose is Used => (USED as readonly string[]).includes(purpose);

/**
 * Other purposes are noted as ignored: workers enroll with tokens, and nothing else needs a key of
 * its own.
 */
export function readKms(top: Fields, ignored: string[]): Keys {
  const keys: Keys = { root: undefined, recovery: undefined };
  for (const block of top.blocks('kms')) {
    const purposes = readPurposes(block).filter(isUsed);
    if (purposes.length === 0) {
      ignored.push(block.path);
      continue;
    }
    const key = readAeadKey(block, `global_${purposes[0]}`);
    for (const purpose of purposes) {
      if (keys[purpose] !== undefined) block.problem('purpose', `a ${purpose} key only once`);
      keys[purpose] = key;
    }
    block.end();
  }
  return keys;
}
