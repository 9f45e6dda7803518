/** Whatever a controller answers, and in whichever field, the terminal only shows it. */
import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nounLoaders } from '../commands';
import type { Command } from '../core/command';
import { ControllerError } from '../io/errors';
import { ask, askHidden, confirm } from '../io/prompt';
import { Refusal, startCannedServer, type CannedServer } from '../testing/canned-server';
import { planter } from '../testing/planted';
import { memoryIo, runCli, type Outcome } from '../testing/run';
import { Printer } from './print';

/**
 * Sets the title, moves the cursor, turns the direction, hides letters: each in a field would be
 * too much.
 */
const CANARY = 'cnry\u001b]0;title\u0007\u009b2J\u202eevil\u2066\u200b\u2028\u{e0041}\u007f\r\u0085\b\ud800';
/**
 * What a terminal must never get from others. Written anew, so that the gate is not its own judge.
 */
const HARMFUL = new RegExp(
  String.raw`[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e007f}]|\p{Cs}`,
  'u',
);

let server: CannedServer;
let home: string;
const started = process.cwd();
beforeAll(async () => {
  server = await startCannedServer();
  home = mkdtempSync(join(tmpdir(), 'sallyport-canary-'));
  // Downloads go to the working directory.
  process.chdir(home);
});
afterAll(() => {
  server.stop();
  process.chdir(started);
  rmSync(home, { recursive: true });
});
beforeEach(() => server.reset());

/** Nouns whose commands call no controller. */
const LOCAL = /^(cache|client-agent|config|connect|daemon|database|dev|server|search|version|read|update|delete)$/;

/** All commands of the API. */
async function apiCommands(): Promise<{ path: string[]; command: Command }[]> {
  const found: { path: string[]; command: Command }[] = [];
  const visit = async (path: string[], command: Command): Promise<void> => {
    if (command.run !== undefined) found.push({ path, command });
    for (const [word, load] of Object.entries(command.commands ?? {})) await visit([...path, word], await load());
  };
  for (const [word, load] of Object.entries(nounLoaders)) if (!LOCAL.test(word)) await visit([word], await load());
  return found;
}

/** Values of flags without which a command does not start. */
const VALUES: Record<string, string> = {
  'scope-id': 'o_1234567890',
  id: 'x_1234567890',
  'auth-method-id': 'ampw_1234567890',
  'host-catalog-id': 'hcst_1234567890',
  'credential-store-id': 'csst_1234567890',
  'storage-bucket-id': 'sb_1234567890',
  'login-name': 'n',
  password: 'env://P',
  'current-password': 'env://P',
  'new-password': 'env://P',
  username: 'u',
  version: '1',
  name: 'n',
  member: 'u_1',
  account: 'a_1',
  principal: 'u_1',
  grant: 'ids=*;type=*;actions=*',
  'grant-scope-id': 'this',
  host: 'h_1',
  'host-source': 'hs_1',
  'brokered-credential-source': 'c_1',
  'key-version-id': 'kv_1',
  state: 'inactive',
  tag: 'a=b',
  value: 'v.test',
};

function run({ path, command }: { path: string[]; command: Command }, ...more: string[]): Promise<Outcome> {
  const flags = (command.flags ?? []).flatMap((group) => group.flags.map(({ name }) => name));
  // A session is of a target by its id or by its name.
  const isNamed = (name: string): boolean => /^(name|scope-id)$/.test(name) && path[1] === 'authorize-session';
  const fits = (name: string): boolean => VALUES[name] !== undefined && !isNamed(name);
  const given = flags.filter(fits).flatMap((name) => [`-${name}`, VALUES[name]!]);
  const env = { HOME: home, PATH: '', SALLYPORT_ADDR: server.address, SALLYPORT_KEYRING_TYPE: 'none', P: 'p' };
  return runCli([...path, ...given, ...more], { env, stdin: 'y\n' });
}

const harmless = (outcome: Outcome): string => {
  const text = outcome.stdout + outcome.stderr;
  expect({ harm: HARMFUL.exec(text)?.[0], text }).toEqual({ harm: undefined, text });
  return text;
};

test('each command of the API shows each text of an answer and executes none of it', async () => {
  server.otherwise = planter(CANARY);
  const shown = new Set<string>();
  for (const one of await apiCommands()) {
    if (harmless(await run(one)).includes('cnry\\u001b]0;title\\u0007\\u009b2J\\u202eevil'))
      shown.add(one.path.join(' '));
  }
  const nouns = [...shown].map((path) => path.split(' ')[0]!);
  const every = (await apiCommands()).filter(({ path }) => /^(read|list)$/.test(path[1] ?? ''));
  // Every noun that can be read and listed showed its canary in both.
  expect(every.map(({ path }) => path.join(' ')).filter((path) => !shown.has(path))).toEqual([]);
  expect(new Set(nouns).size).toBeGreaterThan(18);
  expect(shown).toContain('targets authorize-session');
  expect(shown).toContain('scopes list-keys');
  expect(shown).toContain('workers certificate-authority read');
}, 60_000);

test('JSON holds the same texts exactly', async () => {
  server.otherwise = planter(CANARY);
  const read = (await apiCommands()).find(({ path }) => path.join(' ') === 'targets read')!;
  const { stdout } = await run(read, '-format', 'json');
  expect(HARMFUL.test(stdout)).toBe(false);
  // What goes over the wire as UTF-8 has no lone surrogates.
  expect(JSON.parse(stdout).item.name).toBe(CANARY.replace('\ud800', '\ufffd'));
});

test('a refusal: text, operation, fields and what is wrapped', async () => {
  const body = {
    kind: CANARY,
    message: CANARY,
    op: CANARY,
    details: {
      request_fields: [{ name: CANARY, description: CANARY }],
      wrapped_errors: [{ op: CANARY, message: CANARY }],
    },
  };
  server.otherwise = () => new Refusal(400, body);
  for (const one of await apiCommands()) harmless(await run(one));
  const read = (await apiCommands()).find(({ path }) => path.join(' ') === 'targets read')!;
  expect((await run(read)).stderr.match(/cnry/g)!.length).toBeGreaterThanOrEqual(7);
  const { stderr } = await run(read, '-format', 'json');
  expect(JSON.parse(stderr).api_error).toEqual(body);
}, 60_000);

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom('\u001b', '\u009b', '\u202e', '\u200d', '\r', '\n', '\t', '\ud83d', '\udc4d', 'a', '['),
  }),
);

test('no method of the printer and no question lets such a character through', async () => {
  await fc.assert(
    fc.asyncProperty(anyText, async (text) => {
      const { io, stdout, stderr } = memoryIo({ stdin: 'n\nn\nn\n' });
      const body = { kind: text, message: text, op: text };
      for (const format of ['table', 'json'] as const) {
        const printer = new Printer(io, format);
        printer.table([text, `  Label: ${text}`]);
        printer.line(text);
        printer.json({ [text]: text });
        printer.warn(text);
        printer.error(text);
        printer.controllerError(new ControllerError(text, 400, body));
      }
      await ask(io, text);
      await askHidden(io, text);
      await confirm(io, text);
      expect(HARMFUL.test(stdout() + stderr())).toBe(false);
    }),
  );
});

test('JSON says the same as before it was made harmless', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const { io, stdout } = memoryIo();
      new Printer(io, 'json').json({ [text]: [text] });
      expect(JSON.parse(stdout())).toEqual({ [text]: [text] });
    }),
  );
});

test('line breaks and tabs of a value keep the layout; colors are ours', () => {
  const { io, stdout, stderr } = memoryIo();
  const printer = new Printer({ ...io, stdout: Object.assign(io.stdout, { isTTY: true }) }, 'table');
  printer.table(['  Description: one\r\ntwo\tthree', '  Name: \u001b[31mred ❤️']);
  printer.warn('\u001b[0mplain');
  expect(stdout()).toBe('  Description: one\n  two\tthree\n  Name: \\u001b[31mred ❤️\n');
  expect(stderr()).toBe('\u001b[33m\\u001b[0mplain\u001b[0m\n');
});
