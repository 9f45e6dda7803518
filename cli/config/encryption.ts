/** `config encrypt` and `config decrypt`. */
import { readFileSync, statSync } from 'node:fs';
import { AEAD_KEY_BYTES, findKmsBlock, readAeadKey, type AeadKey } from '../../lib/config/aead-key';
import { decryptMarked, encryptMarked, EncryptedValueError } from '../../lib/config/encrypted-values';
import { Fields, type Problem } from '../../lib/config/fields';
import { replaceFile } from '../../lib/config/replace-file';
import { passThrough } from '../io/terminal';
import type { Args, Context, Flag } from '../core/command';
import { EXIT, LocalError, UsageError } from '../io/errors';
import { parseHcl } from './hcl';

export const ENCRYPTION_FLAGS = [
  { name: 'config', type: 'string', description: 'Configuration file with the markers. Required.' },
  {
    name: 'config-kms',
    type: 'string',
    description: 'File with the "kms" block of purpose "config"; the configuration file itself when absent.',
  },
  { name: 'overwrite', type: 'bool', description: 'Write the result to the file of -config instead of printing it.' },
  { name: 'strip', type: 'bool', description: 'Leave the markers out of the result.' },
] as const satisfies readonly Flag[];

export function convertConfig(
  { io, args, printer }: Context<Args<(typeof ENCRYPTION_FLAGS)[number]>>,
  verb: 'encrypt' | 'decrypt',
): number {
  const path = args.config;
  if (path === '') throw new UsageError('A configuration file is required but not passed in; use -config');
  const text = read(path);
  const keyPath = args['config-kms'] || path;
  const key = configKey(keyPath === path ? text : read(keyPath), keyPath, io.env);
  const marked = convert(path, () => (verb === 'encrypt' ? encryptMarked : decryptMarked)(text, key, args.strip));
  if (marked.count === 0) printer.warn(`${path} has no {{${verb}(...)}} marker; nothing was changed.`);
  if (!args.overwrite) passThrough(io.stdout, marked.text.endsWith('\n') ? marked.text : `${marked.text}\n`);
  else if (marked.count > 0) overwrite(path, marked.text);
  return EXIT.ok;
}

function convert<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof EncryptedValueError) throw new LocalError(`${path}: ${error.message}`);
    throw error;
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new LocalError(`Could not read ${path}: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}`);
  }
}

/** Writes with the permissions of the file. A reader never sees half of the text. */
function overwrite(path: string, text: string): void {
  try {
    replaceFile(path, text, statSync(path).mode & 0o777);
  } catch (error) {
    throw new LocalError(`Could not write ${path}: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}`);
  }
}

/** The key of the first `kms` block with purpose `config`. */
function configKey(text: string, path: string, env: NodeJS.ProcessEnv): AeadKey {
  const problems: Problem[] = [];
  const top = new Fields(parseObject(text, path), '', problems, env);
  const block = findKmsBlock(top, 'config');
  if (block === undefined)
    throw new LocalError(
      `${path} has no "kms" block with purpose "config"; add {"purpose": "config", "type": "aead", "aead_type": "aes-gcm", ` +
        `"key": <${AEAD_KEY_BYTES} bytes in base64, or env://NAME>}, or name another file with -config-kms`,
    );
  const key = readAeadKey(block, 'global_config');
  const [problem] = problems;
  if (problem !== undefined) throw new LocalError(`${path}: ${problem.path}: expected ${problem.expected}`);
  return key;
}

function parseObject(text: string, path: string): Record<string, unknown> {
  const value = parseJson(text) ?? parseHcl(text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return withTypes(value as Record<string, unknown>);
  throw new LocalError(`${path} is neither one JSON object nor HCL`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The message of the parser could quote a secret.
    return undefined;
  }
}

/** In the JSON form of HCL the type is a name around each block: `"kms": {"aead": {...}}`. */
function withTypes(top: Record<string, unknown>): Record<string, unknown> {
  const { kms } = top;
  if (typeof kms !== 'object' || kms === null) return top;
  const blocks = (Array.isArray(kms) ? kms : [kms]).flatMap((block: unknown) => {
    const entries = Object.entries((block ?? {}) as Record<string, unknown>);
    if (!entries.every(([, inner]) => typeof inner === 'object' && inner !== null)) return [block];
    return entries.flatMap(([type, inner]) => [inner].flat().map((fields) => ({ type, ...(fields as object) })));
  });
  return { ...top, kms: blocks };
}
