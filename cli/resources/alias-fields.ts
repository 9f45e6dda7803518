import type { Field } from '../core/fields';

const CLEAR = 'The word null clears it.';

export const ALIAS: Field[] = [
  {
    flag: { name: 'value', type: 'string', description: 'The alias itself, a name as in DNS: "db.example".' },
    path: 'value',
  },
  {
    flag: { name: 'destination-id', type: 'string', description: `Id of the target that it stands for. ${CLEAR}` },
    path: 'destination_id',
  },
  {
    flag: {
      name: 'authorize-session-host-id',
      type: 'string',
      description: `Id of the host that sessions opened through the alias use. ${CLEAR}`,
    },
    path: 'attributes.authorize_session_arguments.host_id',
  },
];
