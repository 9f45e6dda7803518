import { defineCommand } from '../../core/command';
import { EXIT } from '../../io/errors';
import { OUTPUT } from '../../core/flags';

export const command = defineCommand({
  synopsis: 'Print the version of this program',
  flags: [OUTPUT],
  run: async ({ printer }) => {
    const { versionInfo, versionTable } = await import('../../output/version');
    if (printer.format === 'json') printer.json(versionInfo());
    else printer.table(versionTable(versionInfo()));
    return EXIT.ok;
  },
});
