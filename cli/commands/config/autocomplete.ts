import type { Command, Context } from '../../core/command';

async function run({ io, printer }: Context, verb: 'install' | 'uninstall'): Promise<number> {
  const [{ homeOf }, { EXIT }, completion] = await Promise.all([
    import('../../../lib/platform/system'),
    import('../../io/errors'),
    import('../../completion/install'),
  ]);
  const { changed, noShell } = completion[verb](homeOf(io.env), io.env, process.argv[1]!);
  for (const file of changed) printer.line(file);
  if (changed.length > 0) return EXIT.ok;
  if (noShell) printer.error('No start file of bash, zsh or fish was found in the home directory');
  else printer.error(verb === 'install' ? 'Completion is installed already' : 'Completion is not installed');
  return EXIT.refused;
}

export const command: Command = {
  synopsis: 'Let the shell complete commands and flags',
  commands: {
    install: () =>
      Promise.resolve({
        synopsis: 'Set up completion for bash, zsh and fish',
        description:
          'Adds completion to the start files of the shells in use, and prints their names: the first one there is of ' +
          '.bashrc, .bash_profile, .bash_login and .profile, .zshrc, and a file below .config/fish. It works in shells ' +
          'that start from now on.',
        examples: ['config autocomplete install'],
        run: (context) => run(context, 'install'),
      }),
    uninstall: () =>
      Promise.resolve({
        synopsis: 'Take completion back',
        description: 'Removes what "config autocomplete install" has added.',
        examples: ['config autocomplete uninstall'],
        run: (context) => run(context, 'uninstall'),
      }),
  },
};
