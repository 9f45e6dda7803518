/**
 * What the generated parser offers. Throws an error with `location` for texts that are no query.
 */
export declare function parse(input: string): unknown;
