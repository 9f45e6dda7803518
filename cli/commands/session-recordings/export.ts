import { showItem, withClient } from '../../core/api-command';
import { defineCommand } from '../../core/command';
import { UsageError } from '../../io/errors';
import { apiFlags } from '../../core/flags';
import { recordingExport } from '../../output/session-recordings';
import { exportCommand } from '../../resources/recording-exports';
import { recordingType } from '../../resources/recording-files';
import { sessionRecordings } from '../../resources/session-recordings';

const CONNECTION_ID = { name: 'connection-recording-id', type: 'string' } as const;
const MIME_TYPE = { name: 'mime-type', type: 'string', default: 'video/webm' } as const;

export const command = defineCommand({
  synopsis: 'Export a recorded connection as another type of file',
  description: 'Starts the export; "export read" tells when it is done, "download" then has the file.',
  examples: ['session-recordings export -connection-recording-id cr_1234567890 -mime-type video/webm'],
  flags: apiFlags(
    { ...CONNECTION_ID, description: 'Id of the connection recording.' },
    { ...CONNECTION_ID, name: 'cr-id', description: 'Same as -connection-recording-id.' },
    { ...MIME_TYPE, description: 'Type of the file: "application/x-asciicast" or "video/webm".' },
    { name: 'mt', type: 'string', description: 'Same as -mime-type.' },
  ),
  run(context) {
    const id = context.args['connection-recording-id'] || context.args['cr-id'];
    if (id === '') throw new UsageError('An ID is required but not passed in; use -connection-recording-id');
    const type = recordingType(context);
    return withClient(context, async (client) => {
      const answer = await client.call({
        service: await sessionRecordings.service(),
        method: 'export',
        request: { id, mime_type: type },
        action: 'export on session recording',
        attempt: 'export a session recording',
      });
      return showItem(context, answer.item, recordingExport);
    });
  },
  commands: {
    read: () =>
      Promise.resolve(
        exportCommand({
          synopsis: 'Read the state of an export',
          example: 'session-recordings export read -id cr_1234567890',
          verb: 'export read',
          method: 'getExport',
        }),
      ),
    cancel: () =>
      Promise.resolve(
        exportCommand({
          synopsis: 'Stop an export',
          example: 'session-recordings export cancel -id cr_1234567890',
          verb: 'export cancel',
          method: 'cancelExport',
        }),
      ),
  },
});
