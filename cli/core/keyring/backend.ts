/** One place for texts by name. */
export interface Backend {
  /** For messages: `the file store in ~/.sallyport/tokens`. */
  description: string;
  get(name: string): Promise<string | undefined>;
  set(name: string, text: string): Promise<void>;
  /** Whether there was an entry. */
  delete(name: string): Promise<boolean>;
}
