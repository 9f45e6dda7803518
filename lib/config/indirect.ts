/** Values that stand elsewhere: `env://NAME`, `file:///path`; `string://text` is that text; all else is itself. */
import { readFileSync } from 'node:fs';
import { referencedVariable } from './variables';

/** Throws when a file cannot be read; a variable that is not set gives an empty text. */
export function resolveIndirect(value: string, env: NodeJS.ProcessEnv): string {
  const text = value.trim();
  if (text.startsWith('env://')) return referencedVariable(env, text.slice('env://'.length));
  if (text.startsWith('file://')) return readFileSync(text.slice('file://'.length), 'utf8').trim();
  if (text.startsWith('string://')) return text.slice('string://'.length);
  return value;
}
