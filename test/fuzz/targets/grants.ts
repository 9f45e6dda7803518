/**
 * Grant strings: one class of errors; the canonical form reads back as the same grant and as
 * itself.
 */
import { GrantError, parseGrant } from '../../../services/controller/authz/grant-parser';
import { outcome, same, type Target } from '../target';

export const target: Target = {
  seeds: () => [
    'ids=*;type=*;actions=*',
    'ids=ttcp_1234567890,ttcp_2;actions=read,update;output_fields=id,name',
    'type=target;actions=list,create',
    'id={{.User.Id}};type=auth-token;actions=read:self',
    '{"ids":["o_1"],"type":"group","actions":["*"],"output_fields":["id"]}',
    '{"id":"{{account.id}}","actions":["change-password"]}',
  ],
  words: [
    'ids=',
    'id=',
    'type=',
    'actions=',
    'output_fields=',
    ';',
    ',',
    '{{.Account.Id}}',
    'u_1',
    'g_1',
    'no-op',
    '"ids":["',
    '"]',
  ],
  maxLength: 1_024,
  open: () => ({
    run(input) {
      const parsed = outcome(() => parseGrant(input.toString()), GrantError);
      if ('error' in parsed) return;
      const again = outcome(() => parseGrant(parsed.value.canonical), GrantError);
      same(again, parsed, 'a grant changes when its canonical form is read');
    },
  }),
};
