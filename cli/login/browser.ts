/** Opening a URL in the browser of the person at the machine. */
import { spawn } from 'node:child_process';
import { withoutSecrets } from '../../lib/config/variables';
import { urlOpener } from '../../lib/platform/system';

/** How long to wait for a program that neither ends nor fails before it counts as started, ms. */
const STARTED_AFTER_MS = 1_500;

/** Whether a program opened the URL. Only http and https URLs are passed on. */
export async function openInBrowser(url: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) return false;
  const [program, ...args] = env.BROWSER ? [env.BROWSER] : urlOpener;
  const child = spawn(program, [...args, new URL(url).href], {
    stdio: 'ignore',
    detached: true,
    env: withoutSecrets(env),
  });
  child.unref();
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(true), STARTED_AFTER_MS);
    const settle = (started: boolean): void => {
      clearTimeout(timer);
      resolve(started);
    };
    child.once('error', () => settle(false));
    child.once('exit', (code) => settle(code === 0));
  });
}
