/** Secrets of a command: by reference, or asked for at the terminal. */
import type { Context } from './command';
import { mustBeIndirect } from './indirect';
import { askHidden, askNewPassword } from '../io/prompt';

type SecretContext<F extends string> = Pick<Context, 'io'> & { args: Partial<Readonly<Record<F, string>>> };

/** A secret that exists already. */
export async function secret<F extends string>({ io, args }: SecretContext<F>, flag: F, what: string): Promise<string> {
  const text = args[flag] ?? '';
  return text === '' ? askHidden(io, what) : mustBeIndirect(flag, text, io.env);
}

/** A secret that is made now; the person at the terminal enters it twice. */
export async function newSecret<F extends string>(
  { io, args }: SecretContext<F>,
  flag: F,
  what: string,
): Promise<string> {
  const text = args[flag] ?? '';
  return text === '' ? askNewPassword(io, what) : mustBeIndirect(flag, text, io.env);
}
