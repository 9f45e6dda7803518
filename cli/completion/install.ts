/**
 * Installs completion in the start files of the user's shells. A line there makes the shell ask the
 * program itself; fish has a file of its own. Only shells that are already set up are changed.
 */
import { onMac } from '../../lib/platform/system';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** One place where completion can be. */
interface Place {
  file: string;
  /** Lines to append; for a file of its own, all of it. */
  lines: readonly string[];
  ownFile: boolean;
}

interface Outcome {
  /** Files that were changed. */
  changed: string[];
  /** There was no shell to do it for. */
  noShell: boolean;
}

const PROGRAM = 'sallyport';

/** Adds completion for each shell that lacks it. */
export function install(home: string, env: NodeJS.ProcessEnv, binary: string): Outcome {
  return change(home, env, binary, (place) => {
    if (isInstalled(place)) return false;
    if (place.ownFile) mkdirSync(dirname(place.file), { recursive: true });
    const before = place.ownFile ? '' : readFileSync(place.file, 'utf8');
    const newline = before === '' || before.endsWith('\n') ? '' : '\n';
    const missing = place.lines.filter((line) => !before.split('\n').includes(line));
    writeFileSync(place.file, `${before}${newline}${missing.join('\n')}\n`);
    return true;
  });
}

/**
 * Takes completion away from each shell that has it. What loads bashcompinit stays: others may need
 * it.
 */
export function uninstall(home: string, env: NodeJS.ProcessEnv, binary: string): Outcome {
  return change(home, env, binary, (place) => {
    if (!isInstalled(place)) return false;
    if (place.ownFile) {
      rmSync(place.file);
      return true;
    }
    const ours = place.lines.at(-1)!;
    const kept = readFileSync(place.file, 'utf8').split('\n');
    writeFileSync(place.file, kept.filter((line) => line !== ours).join('\n'));
    return true;
  });
}

function change(home: string, env: NodeJS.ProcessEnv, binary: string, work: (place: Place) => boolean): Outcome {
  const found = places(home, env, resolve(binary));
  return { changed: found.filter(work).map(({ file }) => file), noShell: found.length === 0 };
}

const isInstalled = ({ file, lines, ownFile }: Place): boolean =>
  existsSync(file) && (ownFile || readFileSync(file, 'utf8').split('\n').includes(lines.at(-1)!));

function places(home: string, env: NodeJS.ProcessEnv, binary: string): Place[] {
  const found: Place[] = [];
  const quoted = shellWord(binary);
  const bashFiles = onMac ? ['.bash_profile'] : ['.bashrc', '.bash_profile', '.bash_login', '.profile'];
  const bash = bashFiles.map((name) => join(home, name)).find((file) => existsSync(file));
  if (bash !== undefined) found.push({ file: bash, lines: [`complete -C ${quoted} ${PROGRAM}`], ownFile: false });
  const zsh = join(home, '.zshrc');
  const zshLines = [
    // bashcompinit builds on compinit, which a plain .zshrc has not run.
    '(( $+functions[compdef] )) || { autoload -U compinit && compinit; }',
    'autoload -U +X bashcompinit && bashcompinit',
    `complete -o nospace -C ${quoted} ${PROGRAM}`,
  ];
  if (existsSync(zsh)) found.push({ file: zsh, lines: zshLines, ownFile: false });
  const fish = join(env.XDG_CONFIG_HOME || join(home, '.config'), 'fish');
  if (existsSync(fish))
    found.push({ file: join(fish, 'completions', `${PROGRAM}.fish`), lines: fishLines(quoted), ownFile: true });
  return found;
}

const shellWord = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replace(/'/g, `'\\''`)}'`);

const fishLines = (binary: string): string[] => [
  `function __complete_${PROGRAM}`,
  '    set -lx COMP_LINE (commandline -cp)',
  '    test -z (commandline -ct)',
  '    and set COMP_LINE "$COMP_LINE "',
  `    ${binary}`,
  'end',
  `complete -f -c ${PROGRAM} -a "(__complete_${PROGRAM})"`,
];
