import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openKeyring } from './keyring';

const TOKEN = { id: 'at_1234567890', token: 'at_1234567890_secret', user_id: 'u_1' };

let home: string;
beforeEach(() => (home = mkdtempSync(join(tmpdir(), 'sallyport-keyring-'))));
afterEach(() => rmSync(home, { recursive: true }));

const mode = (path: string): number => statSync(path).mode & 0o777;

test('auto falls back to files that only their owner can read', async () => {
  const keyring = await openKeyring('auto', { HOME: home, PATH: '' });
  await keyring.write('default', TOKEN);
  const directory = join(home, '.sallyport', 'tokens');
  expect(mode(directory)).toBe(0o700);
  expect(readdirSync(directory)).toEqual(['default']);
  expect(mode(join(directory, 'default'))).toBe(0o600);
  expect(await keyring.read('default')).toEqual(TOKEN);
  expect(await keyring.read('other')).toBeUndefined();
  expect(await keyring.remove('default')).toBe(true);
  expect(await keyring.remove('default')).toBe(false);
});

test('what is stored is unpadded base64 of JSON; a damaged entry is no entry', async () => {
  const keyring = await openKeyring('file', { HOME: home });
  await keyring.write('default', TOKEN);
  const path = join(home, '.sallyport', 'tokens', 'default');
  expect(JSON.parse(Buffer.from(readFileSync(path, 'utf8'), 'base64').toString())).toEqual(TOKEN);
  writeFileSync(path, 'garbage');
  expect(await keyring.read('default')).toBeUndefined();
});

test('a name cannot leave the directory, and modes of an older directory are repaired', async () => {
  mkdirSync(join(home, '.sallyport', 'tokens'), { recursive: true });
  chmodSync(join(home, '.sallyport', 'tokens'), 0o755);
  const keyring = await openKeyring('file', { HOME: home });
  await keyring.write('../../evil', TOKEN);
  await keyring.write('..', TOKEN);
  expect(existsSync(join(home, 'evil'))).toBe(false);
  expect(readdirSync(join(home, '.sallyport', 'tokens'))).toHaveLength(2);
  expect(mode(join(home, '.sallyport', 'tokens'))).toBe(0o700);
  expect(await keyring.read('..')).toEqual(TOKEN);
});

test('an unknown keyring is refused with the known ones', async () => {
  await expect(openKeyring('nope', {})).rejects.toThrow(/"nope".*auto, none, file/);
  await expect(openKeyring('keychain', {})).rejects.toThrow('does not exist on linux');
});

/** A program that answers like `pass`, with files for entries. */
const PASS = `#!/bin/sh
f="$STORE/$(echo "$2$3$4" | sed 's/--[a-z]*//g; s#/#_#g')"
case "$1" in
  show) cat "$f" ;;
  insert) cat > "$f" ;;
  rm) test -e "$f" && rm "$f" ;;
esac
`;

test('pass is used when it is installed and its store initialized; older files are still found', async () => {
  const env = { HOME: home, PATH: `${join(home, 'bin')}:${process.env.PATH}`, STORE: home };
  await (await openKeyring('file', env)).write('old', TOKEN);
  mkdirSync(join(home, 'bin'));
  writeFileSync(join(home, 'bin', 'pass'), PASS, { mode: 0o755 });
  expect((await openKeyring('auto', env)).description).toContain('files in');
  mkdirSync(join(home, '.password-store'));
  writeFileSync(join(home, '.password-store', '.gpg-id'), 'key');
  const keyring = await openKeyring('auto', env);
  expect(keyring.description).toBe('the password store of pass');
  await keyring.write('new', { ...TOKEN, user_id: 'u_2' });
  expect(existsSync(join(home, 'Sallyport_new'))).toBe(true);
  expect((await keyring.read('new'))?.user_id).toBe('u_2');
  expect(await keyring.read('old')).toEqual(TOKEN);
  expect(await keyring.remove('new')).toBe(true);
  expect(await keyring.read('new')).toBeUndefined();
});
