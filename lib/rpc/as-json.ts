/**
 * A generated message as its `toJSON` writes it: fields at their default are left out; times,
 * 64-bit integers and bytes are text. What is free-form in the message is unknown.
 */
export type AsJson<T> = 0 extends 1 & T
  ? unknown
  : T extends Date | bigint | Uint8Array
    ? string
    : T extends readonly (infer Element)[]
      ? readonly AsJson<Element>[]
      : T extends object
        ? { readonly [K in keyof T]?: AsJson<Exclude<T[K], undefined>> | undefined }
        : T;
