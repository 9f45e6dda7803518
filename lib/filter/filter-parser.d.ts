/**
 * What the generated parser offers. Throws an error with `location` for texts that are no
 * expression.
 */
export declare function parse(input: string): unknown;
