/** Messages about a command line that leads to no command. */
import { nearest } from '../../lib/text/nearest';

/**
 * The message about words that lead to no command; `word` is the one that is not among the
 * candidates.
 */
export function unknownWords(words: string, candidates: readonly string[], word: string): string {
  if (word.startsWith('-')) return `A flag stands where a subcommand is expected: ${word}`;
  const near = nearest(word, candidates);
  return `There is no command "${words}".${near === undefined ? '' : ` Did you mean "${near}"?`}`;
}
