/**
 * `-recovery-config`: a token of the recovery key instead of that of a login, a new one for each
 * request.
 */
import { readFileSync } from 'node:fs';
import { systemClock } from '../../lib/clock/clock';
import { findKmsBlock, readAeadKey, type AeadKey } from '../../lib/config/aead-key';
import { ConfigError, Fields, type Problem } from '../../lib/config/fields';
import { makeRecoveryToken } from '../../lib/recovery/recovery-token';
import { LocalError } from '../io/errors';

/** Makes tokens of the key in the configuration file; undefined when there is no file. */
export function recoveryTokens(file: string, env: NodeJS.ProcessEnv): (() => string) | undefined {
  if (file === '') return undefined;
  const key = readRecoveryKey(file, env);
  return () => makeRecoveryToken(key, systemClock.now());
}

/** Only the block with the recovery key is read: the file may be that of a controller. */
function readRecoveryKey(file: string, env: NodeJS.ProcessEnv): AeadKey {
  const problems: Problem[] = [];
  const block = findKmsBlock(new Fields(readJson(file), '', problems, env), 'recovery');
  if (block === undefined) throw new LocalError(`-recovery-config: ${file} has no "kms" block with purpose "recovery"`);
  const key = readAeadKey(block, 'global_recovery');
  if (problems.length > 0) throw new LocalError(`-recovery-config: ${new ConfigError(file, problems).message}`);
  return key;
}

function readJson(file: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new LocalError(`-recovery-config: ${file}: ${(error as NodeJS.ErrnoException).code}`);
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // The parser's message may quote the key.
  }
  throw new LocalError(`-recovery-config: ${file} is not one JSON object`);
}
