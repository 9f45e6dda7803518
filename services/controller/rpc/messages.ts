/** The functions ts-proto generates for each message, as far as servers need them. */
export interface MessageFns<T> {
  encode(message: T): { finish(): Uint8Array };
  decode(input: Uint8Array): T;
  toJSON(message: T): unknown;
  fromPartial(object: unknown): T;
}
