/**
 * The text of a configuration file: one JSON object, in which `{{decrypt(…)}}` stands for encrypted
 * values.
 */
import { readFileSync } from 'node:fs';
import { findKmsBlock, readAeadKey, type AeadKey } from '../../lib/config/aead-key';
import { decryptMarked, EncryptedValueError } from '../../lib/config/encrypted-values';
import { ConfigError, Fields, type Problem } from '../../lib/config/fields';

export interface ConfigFiles {
  /** Of `-config`. */
  files: readonly string[];
  /**
   * The file of `-config-kms`, which has the key of encrypted values. When absent, the
   * configuration file has it.
   */
  kmsFile?: string | undefined;
}

type Values = Record<string, unknown>;

export function readConfigFile(
  { files, kmsFile }: ConfigFiles,
  env: NodeJS.ProcessEnv,
): { file: string; values: Values } {
  const [file, ...more] = files;
  if (file === undefined || file === '') throw problem('-config', '-config', 'the path of a JSON configuration file');
  if (more.length > 0) throw problem('-config', '-config', 'one file; several are not merged');
  const text = readText(file);
  if (!text.includes('{{decrypt(')) return { file, values: parse(text, file) };
  const keyFile = kmsFile ?? file;
  const key = configKey(keyFile, keyFile === file ? text : readText(keyFile), env);
  try {
    return { file, values: parse(decryptMarked(text, key, true).text, file) };
  } catch (error) {
    if (error instanceof EncryptedValueError) throw problem(file, '(file)', error.message);
    throw error;
  }
}

const problem = (file: string, path: string, expected: string): ConfigError =>
  new ConfigError(file, [{ path, expected }]);

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'an error';
    throw problem(file, '(file)', `a readable file (reading it gave ${code})`);
  }
}

function parse(text: string, file: string): Values {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Values;
  } catch (error) {
    // The parser's message may quote the text, and so a secret. Only the position is used.
    const at = /position (\d+)/.exec(String(error))?.[1];
    const line = at === undefined ? '' : `, broken in line ${text.slice(0, Number(at)).split('\n').length}`;
    throw problem(file, '(file)', `one JSON object${line}`);
  }
  throw problem(file, '(file)', 'one JSON object');
}

function configKey(file: string, text: string, env: NodeJS.ProcessEnv): AeadKey {
  const problems: Problem[] = [];
  const block = findKmsBlock(new Fields(parse(text, file), '', problems, env), 'config');
  if (block === undefined) {
    throw problem(file, 'kms', 'a block with purpose "config" for the {{decrypt(…)}} values, here or in -config-kms');
  }
  const key = readAeadKey(block, 'global_config');
  if (problems.length > 0) throw new ConfigError(file, problems);
  return key;
}
