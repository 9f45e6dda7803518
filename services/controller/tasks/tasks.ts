/**
 * Periodic work: idempotent passes that every controller runs. They lock or skip the rows that they
 * touch, and rely on no earlier run.
 */
import { randomInt } from 'node:crypto';
import type { Clock } from '../../../lib/clock/clock';
import type { RandomInt } from '../../../lib/ids/ids';
import type { Logger } from '../../../lib/log/log';

export interface Task {
  name: string;
  /**
   * Pause between the end of a run and the next, ms; up to a tenth is added, so that controllers
   * spread.
   */
  everyMs: number;
  run(now: Date): Promise<void>;
}

export interface RunningTasks {
  /** Resolves when no run is under way; none starts afterwards. */
  close(): Promise<void>;
}

interface TaskDeps {
  clock: Clock;
  log: Logger;
  random?: RandomInt | undefined;
}

/**
 * Runs each task again and again, never twice at once. A failing run is logged and repeated at its
 * time.
 */
export function startTasks(deps: TaskDeps, tasks: readonly Task[]): RunningTasks {
  const runners = tasks.map((task) => startTask(deps, task));
  return {
    async close() {
      await Promise.all(runners.map((stop) => stop()));
    },
  };
}

function startTask({ clock, log, random = randomInt }: TaskDeps, task: Task): () => Promise<void> {
  let stopped = false;
  let running: Promise<void> = Promise.resolve();
  let cancel = (): void => {};

  const schedule = (): void => {
    const pause = task.everyMs + random(Math.max(1, Math.floor(task.everyMs / 10)));
    cancel = clock.after(pause, () => {
      running = task
        .run(clock.now())
        .catch((error: unknown) => log.warn({ err: error, task: task.name }, 'a periodic task failed'))
        .then(() => {
          if (!stopped) schedule();
        });
    });
  };
  schedule();
  return async () => {
    stopped = true;
    cancel();
    await running;
  };
}
