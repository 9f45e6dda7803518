import { showItem, withClient } from '../../core/api-command';
import { kinds } from '../../core/builders';
import { defineCommand, valueOf, type Command } from '../../core/command';
import { apiFlags } from '../../core/flags';
import { certificateAuthorityTable } from '../../output/certificate-authority';
import { workers } from '../../resources/workers';

const authorityCommand = (verb: 'read' | 'reinitialize', synopsis: string, description: string): Command =>
  defineCommand({
    synopsis,
    description,
    examples: [`workers certificate-authority ${verb}`],
    flags: apiFlags(workers.container.flag),
    run: (context) =>
      withClient(context, async (client) => {
        const answer = await client.call({
          service: await workers.service(),
          method: `${verb}CertificateAuthority`,
          request: { scope_id: valueOf(context, workers.container.flag) },
          action: `certificate authority ${verb}`,
          attempt: `${verb} the worker certificate authority`,
        });
        return showItem(context, answer.item, certificateAuthorityTable);
      }),
  });

export const command = kinds('Manage the authority that vouches for workers', {
  read: authorityCommand('read', 'Read the certificate authority', 'Shows the keys that vouch for workers.'),
  reinitialize: authorityCommand(
    'reinitialize',
    'Replace the certificate authority',
    'Makes new keys. All workers lose their connection at once and have to be created anew and enrolled again.',
  ),
});
