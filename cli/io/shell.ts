/** Words of a command line that a person copies into a shell. */

/** The word, in quotes where a shell would change it. */
export const shellWord = (word: string): string => (/^[\w@%+:,./-]+$/.test(word) ? word : shellQuoted(word));

/** The word in quotes. */
export const shellQuoted = (word: string): string => `'${word.replaceAll("'", `'"'"'`)}'`;
