/** Commands about exports of session recordings. */
import { requiredId, showItem, withClient } from '../core/api-command';
import { idFlag } from '../core/builders';
import { defineCommand, type Command } from '../core/command';
import { apiFlags } from '../core/flags';
import { recordingExport } from '../output/session-recordings';
import { sessionRecordings } from './session-recordings';

interface ExportCommand {
  synopsis: string;
  example: string;
  /** `export read`, part of error texts. */
  verb: string;
  /** Key in the service definition. */
  method: 'getExport' | 'cancelExport';
}

/** A command that names an export by its id and prints it. */
export const exportCommand = ({ synopsis, example, verb, method }: ExportCommand): Command =>
  defineCommand({
    synopsis,
    examples: [example],
    flags: apiFlags({ ...idFlag(sessionRecordings), description: 'Id of the export.' }),
    run: (context) =>
      withClient(context, async (client) => {
        const answer = await client.call({
          service: await sessionRecordings.service(),
          method,
          request: { id: requiredId(context) },
          action: `${verb} on session recording`,
          attempt: `${verb} of a session recording`,
        });
        return showItem(context, answer.item, recordingExport);
      }),
  });
