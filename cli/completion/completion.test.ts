/** Completion as the shells ask for it, and as it stands in their files. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { describeWith } from '../../test/harness/tools';
import { runCli } from '../testing/run';
import { install, uninstall } from './install';

const SALLYPORT = resolve(__dirname, '../../bin/sallyport');

const complete = async (line: string, point?: number): Promise<string[]> => {
  const env = { COMP_LINE: line, ...(point === undefined ? {} : { COMP_POINT: String(point) }) };
  const { exit, stdout, stderr } = await runCli(['sallyport', 'word', 'before'], { env });
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
  return stdout.split('\n').slice(0, -1);
};

test.each([
  ['sallyport tar', ['targets']],
  ['sallyport targets au', ['authorize-session']],
  ['sallyport targets create ', ['rdp', 'ssh', 'tcp']],
  ['sallyport config autocomplete ', ['install', 'uninstall']],
  ['sallyport targets list -rec', ['-recovery-config', '-recursive']],
  ['sallyport targets list --recu', ['--recursive']],
  ['sallyport targets list -format ', ['json', 'table']],
  ['sallyport targets list -format j', ['json']],
  ['sallyport targets list -recursive -fo', ['-format']],
  ['sallyport targets list -format', ['-format']],
  ['sallyport targets list --keyring-type', ['--keyring-type']],
  ['sallyport read ttcp_1234567890 -fo', ['-format']],
  ['sallyport update ttcp_1234567890 -default-p', ['-default-port']],
  ['sallyport connect -exec ', []],
  ['sallyport connect -exec x -- -', []],
  ['sallyport no-such-noun ', []],
  ['sallyport constructor ', []],
])('%s', async (line, expected) => {
  expect((await complete(line)).sort()).toEqual(expected);
});

test('nothing but the program: every noun; what is behind the cursor does not count', async () => {
  const nouns = await complete('sallyport ');
  expect(nouns).toEqual(expect.arrayContaining(['connect', 'targets', 'users']));
  expect(nouns.some((word) => word.startsWith('-'))).toBe(false);
  expect(await complete('sallyport se targets list', 'sallyport se'.length)).toEqual(
    expect.arrayContaining(['sessions']),
  );
});

describe('in the files of shells', () => {
  let home: string;
  beforeEach(() => (home = mkdtempSync(join(tmpdir(), 'sallyport-completion-'))));
  afterEach(() => rmSync(home, { recursive: true, force: true }));
  const at = (name: string): string => join(home, name);

  test('each shell that is there gets it once and loses it again', () => {
    writeFileSync(at('.bashrc'), 'alias x=y');
    writeFileSync(at('.profile'), 'untouched\n');
    writeFileSync(at('.zshrc'), '');
    mkdirSync(at('.config/fish'), { recursive: true });
    const files = [at('.bashrc'), at('.zshrc'), at('.config/fish/completions/sallyport.fish')];
    expect(install(home, {}, '/opt/a b/sallyport')).toEqual({ changed: files, noShell: false });
    expect(readFileSync(files[0]!, 'utf8')).toBe("alias x=y\ncomplete -C '/opt/a b/sallyport' sallyport\n");
    expect(readFileSync(files[1]!, 'utf8')).toMatch(
      /^.*compinit; \}\nautoload .*bashcompinit\ncomplete -o nospace -C \S/,
    );
    expect(readFileSync(at('.profile'), 'utf8')).toBe('untouched\n');
    expect(install(home, {}, '/opt/a b/sallyport').changed).toEqual([]);
    expect(uninstall(home, {}, '/opt/a b/sallyport').changed).toEqual(files);
    expect(readFileSync(files[0]!, 'utf8')).toBe('alias x=y\n');
    expect(existsSync(files[2]!)).toBe(false);
    expect(uninstall(home, {}, '/opt/a b/sallyport').changed).toEqual([]);
  });

  test('without any shell: status 1', async () => {
    const { exit, stderr } = await runCli(['config', 'autocomplete', 'install'], { env: { HOME: home } });
    expect([exit, stderr]).toEqual([1, expect.stringContaining('home directory')]);
  });

  test('a real bash completes with what was installed', () => {
    writeFileSync(at('.bashrc'), '');
    install(home, {}, SALLYPORT);
    // What bash does behind the Tab key: run the command of `complete -C` with the line in its
    // environment.
    const script =
      'source ~/.bashrc; eval "set -- $(complete -p sallyport)"; COMP_LINE="sallyport targets li" COMP_POINT=20 "$3"';
    const env = { ...process.env, HOME: home };
    expect(execFileSync('bash', ['-c', script], { env, encoding: 'utf8' })).toBe('list\n');
  });

  describeWith(['zsh'], 'zsh', () => {
    test('a real zsh knows what completes, also with nothing else in its file', () => {
      writeFileSync(at('.zshrc'), '');
      install(home, {}, SALLYPORT);
      const env = { ...process.env, HOME: home, ZDOTDIR: home };
      const registered = execFileSync('zsh', ['-ic', 'print -r -- $_comps[sallyport]'], { env, encoding: 'utf8' });
      expect(registered.trim().split('\n').at(-1)).toBe(`_bash_complete -o nospace -C ${SALLYPORT}`);
    });
  });

  describeWith(['fish'], 'fish', () => {
    test('a real fish completes with what was installed', () => {
      mkdirSync(at('.config/fish'), { recursive: true });
      install(home, {}, SALLYPORT);
      // fish completes only programs that it finds.
      const env = { ...process.env, HOME: home, PATH: `${dirname(SALLYPORT)}:${process.env['PATH']}` };
      const asked = execFileSync('fish', ['-c', 'complete -C "sallyport targets li"'], { env, encoding: 'utf8' });
      expect(asked).toBe('list\n');
    });
  });
});
