import { requiredId, withClient } from '../../core/api-command';
import { idFlag } from '../../core/builders';
import { defineCommand, type Flag } from '../../core/command';
import { apiFlags } from '../../core/flags';
import { recordingType, saveRecording } from '../../resources/recording-files';
import { sessionRecordings } from '../../resources/session-recordings';

/** A flag and its short form. */
const twice = <const F extends Flag, const S extends string>(
  flag: F,
  short: S,
): readonly [F, Omit<F, 'name' | 'description'> & { type: F['type']; name: S; description: string }] => [
  flag,
  { ...flag, name: short, description: `Same as -${flag.name}.` },
];

export const command = defineCommand({
  synopsis: 'Download a recording as a file',
  description:
    'Writes the recording of a connection or a channel to a file: <id>.cast or <id>.webm in this directory, with .1, .2 ' +
    'and so on behind it when there is one, or the file of -output.',
  examples: ['session-recordings download -id chr_1234567890 -output shell.cast'],
  flags: apiFlags(
    { ...idFlag(sessionRecordings), description: 'Id of the session, connection or channel recording.' },
    ...twice({ name: 'output', type: 'string', description: 'File to write; "-" is standard output.' }, 'o'),
    ...twice({ name: 'no-clobber', type: 'bool', description: 'Never overwrite the file of -output.' }, 'nc'),
    ...twice(
      {
        name: 'mime-type',
        type: 'string',
        default: 'application/x-asciicast',
        description: 'Type of the file: "application/x-asciicast" or "video/webm".',
      },
      'mt',
    ),
  ),
  run(context) {
    const id = requiredId(context);
    const type = recordingType(context);
    return withClient(context, async (client) => {
      const answer = await client.call({
        service: await sessionRecordings.service(),
        method: 'download',
        request: { id, mime_type: type },
        action: 'download on session recording',
        doing: 'downloading session recording',
        attempt: 'download a session recording',
      });
      return saveRecording(context, id, type, Buffer.from(String(answer.content ?? ''), 'base64'));
    });
  },
});
