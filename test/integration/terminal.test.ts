/** What `server`, `database` and `dev` print: whatever they quote, the terminal only shows it. */
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SALLYPORT, startDev } from '../harness/dev';
import { createEmptyDatabase, type TestDatabase } from '../harness/postgres';
import { freePorts, run, start, type Finished } from '../harness/process';
import { waitFor } from '../harness/wait';

/** Sets the title, clears the screen, turns the direction, hides letters. */
const EVIL = 'cnry\u001b]0;title\u0007\u009b2J\u202e\u{e0041}\u200b';
const SHOWN = 'cnry\\u001b]0;title\\u0007\\u009b2J\\u202e\\udb40\\udc41\\u200b';
const HARMFUL = /[\0-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]|[\u{e0000}-\u{e007f}]/u;

const home = mkdtempSync(join(tmpdir(), 'sallyport-terminal-'));
let database: TestDatabase;
beforeAll(async () => {
  // PostgreSQL of dev mode may run as another user.
  chmodSync(home, 0o711);
  database = await createEmptyDatabase();
});
afterAll(async () => {
  await database.drop();
  rmSync(home, { recursive: true, force: true });
});

const sallyport = (args: string[]): Promise<Finished> =>
  run(SALLYPORT, args, { env: { HOME: home }, timeoutMs: 60_000 });

function harmless({ stdout, stderr }: { stdout: string; stderr: string }, times = 1): void {
  const text = stdout + stderr;
  expect({ harm: HARMFUL.exec(text)?.[0], text }).toEqual({ harm: undefined, text });
  expect(text.split(SHOWN).length - 1).toBeGreaterThanOrEqual(times);
}

let files = 0;
function write(config: unknown): string {
  const file = join(home, `config-${files++}.json`);
  writeFileSync(file, typeof config === 'string' ? config : JSON.stringify(config), { mode: 0o600 });
  return file;
}

const controllerFile = (url: string): string =>
  write({
    controller: { name: 'c', database: { url } },
    listener: ['api', 'cluster'].map((purpose) => ({ purpose, tls_disable: true })),
    kms: [{ type: 'aead', purpose: 'root', key: randomBytes(32).toString('base64'), key_id: 'root' }],
  });

test('names of files, keys and values of a configuration that is not usable', async () => {
  harmless(await sallyport(['server', '-config', join(home, `${EVIL}.json`)]));
  harmless(await sallyport(['server', '-config', write(`{"a": ${EVIL}`)]), 0);
  harmless(await sallyport(['server', '-config', write({ [EVIL]: 1, controller: { [EVIL]: EVIL } })]), 2);
  harmless(await sallyport(['database', 'migrate', '-config', controllerFile(`file://${EVIL}`)]), 0);
}, 60_000);

test('what PostgreSQL answers', async () => {
  const url = new URL(database.url);
  url.searchParams.set('options', `-c ${EVIL}=1`);
  for (const verb of ['init', 'migrate']) {
    harmless(await sallyport(['database', verb, '-config', controllerFile(url.href)]));
  }
}, 60_000);

test('a worker that starts, and one that reads its file again', async () => {
  const [proxy, upstream] = (await freePorts(2)) as [number, number];
  const config = {
    worker: {
      auth_storage_path: join(home, EVIL),
      initial_upstreams: [`127.0.0.1:${upstream}`],
      controller_generated_activation_token: 'neslat_wrong',
    },
    listener: [{ purpose: 'proxy', address: `127.0.0.1:${proxy}` }],
    log_level: 'trace',
  };
  const { controller_generated_activation_token: _, ...led } = config.worker;
  const file = write({ ...config, worker: led });
  const live = start(SALLYPORT, ['server', '-config', file], { env: { HOME: home } });
  try {
    await live.output(/server started/);
    writeFileSync(file, JSON.stringify({ ...config, worker: led, [EVIL]: {} }));
    live.child.kill('SIGHUP');
    await live.output(/nothing was reloaded/);
    // Ends it at the latest when nothing was heard of the signal.
    await waitFor('the answer', () => live.stderr.includes('cnry') || undefined);
  } finally {
    await live.stop('SIGKILL');
  }
  harmless(live, 2);
}, 60_000);

test('dev mode that cannot start, and one that does', async () => {
  const file = join(home, `${EVIL}-file`);
  writeFileSync(file, '');
  const ports = (await freePorts(5)).map((port) => `127.0.0.1:${port}`);
  const names = ['api', 'cluster', 'proxy', 'ops', 'worker-ops'];
  const flags = names.flatMap((name, i) => [`-${name}-listen-address`, ports[i]!]);
  harmless(await sallyport(['dev', ...flags, '-data-dir', join(file, 'in')]));
  harmless(await sallyport(['dev', ...flags, '-config', file]));
  const dir = join(home, `${EVIL}-dir`);
  mkdirSync(dir, { mode: 0o711 });
  const dev = await startDev(['-data-dir', dir, '-password', EVIL, '-log-level', 'trace']);
  await dev.stop();
  harmless(dev.live, 2);
}, 90_000);
