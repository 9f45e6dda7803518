/** Largest values of numbers that flags, files, messages and columns share. */

export const MAX_PORT = 65_535;
/** PostgreSQL's integer, protobuf's int32. */
export const MAX_INT4 = 2 ** 31 - 1;
