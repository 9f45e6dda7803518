/** Secrets of a command: by reference, or asked for at the terminal. */
import type { Context } from './command';
import { mustBeIndirect } from './indirect';
import { askHidden, askNewPassword } from './prompt';

/** A secret that exists already. */
export async function secret({ io, values }: Context, flag: string, what: string): Promise<string> {
  const text = values.text(flag);
  return text === '' ? askHidden(io, what) : mustBeIndirect(flag, text, io.env);
}

/** A secret that is made now; the person at the terminal enters it twice. */
export async function newSecret({ io, values }: Context, flag: string, what: string): Promise<string> {
  const text = values.text(flag);
  return text === '' ? askNewPassword(io, what) : mustBeIndirect(flag, text, io.env);
}
