/** Work that lasts until the test ends it: what a queue begins, and when. */
export function held() {
  const began: string[] = [];
  const ends: (() => void)[] = [];
  /** Work of this name; its promise resolves when it is ended. */
  const work = (name: string) => () => {
    began.push(name);
    return new Promise<void>((resolve) => ends.push(resolve));
  };
  const count = (name: string): number => began.filter((other) => other === name).length;
  /**
   * Ends the work that began first, so many times; what follows from it has happened afterwards.
   */
  const finish = async (times = 1): Promise<void> => {
    for (; times > 0; times--) {
      await settle();
      ends.shift()!();
      await settle();
    }
  };
  const finishAll = (): void => ends.splice(0).forEach((resolve) => resolve());
  return { began, work, count, finish, finishAll };
}

/** What was due has happened. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
