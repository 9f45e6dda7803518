/** Closes what was opened. Closers run once, in reverse order, each even when another one fails. */
export type Closer = () => Promise<void> | void;

export class Lifecycle {
  private readonly closers: { name: string; close: Closer }[] = [];
  private closing: Promise<void> | undefined;

  /** Registers what must be undone; the name appears in the error when undoing fails. */
  onClose(name: string, close: Closer): void {
    this.closers.push({ name, close });
  }

  /**
   * Undoes everything in reverse order; rejects with an AggregateError when something could not be
   * undone.
   */
  close(): Promise<void> {
    this.closing ??= this.run();
    return this.closing;
  }

  private async run(): Promise<void> {
    const failures: Error[] = [];
    for (const { name, close } of this.closers.reverse()) {
      try {
        await close();
      } catch (cause) {
        failures.push(new Error(`could not close ${name}`, { cause }));
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, failures.map((f) => f.message).join('; '));
  }
}
