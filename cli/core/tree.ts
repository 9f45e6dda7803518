/**
 * Joins nouns and verbs: a noun's own file says what it is, and each further file of its folder is
 * a verb.
 */
import type { Command, CommandLoader } from './command';

type Module = () => Promise<{ command: Command }>;

/** The noun with its verbs below it. */
export function noun(load: Module, verbs: Readonly<Record<string, Module>> = {}): CommandLoader {
  const commands = Object.fromEntries(
    Object.entries(verbs).map(([verb, module]) => [verb, async () => (await module()).command] as const),
  );
  return async () => {
    const { command } = await load();
    return Object.keys(commands).length === 0 ? command : { ...command, commands };
  };
}
