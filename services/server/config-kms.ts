/** `kms` blocks: the root key of the envelope encryption. */
import type { Fields } from '../../lib/config/fields';

export interface RootKey {
  id: string;
  key: Buffer;
}

/** AES-256. */
const KEY_BYTES = 32;

/** Other purposes are noted as ignored: workers enroll with tokens, and nothing else needs a key of its own. */
export function readKms(top: Fields, ignored: string[]): RootKey | undefined {
  let root: RootKey | undefined;
  for (const block of top.blocks('kms')) {
    const purposes = block.texts('purpose') ?? [];
    if (!purposes.includes('root')) {
      ignored.push(block.path);
      continue;
    }
    if (root !== undefined) block.problem('purpose', 'a root key only once');
    if (block.text('type') !== 'aead') block.problem('type', '"aead"');
    block.word('aead_type', ['aes-gcm']);
    const text = block.requiredText('key', `${KEY_BYTES} random bytes in base64 ("openssl rand -base64 ${KEY_BYTES}")`);
    const key = Buffer.from(text, 'base64');
    if (text !== '' && key.length !== KEY_BYTES) block.problem('key', `exactly ${KEY_BYTES} bytes in base64`);
    root = { id: block.text('key_id') ?? 'global_root', key };
    block.end();
  }
  return root;
}
