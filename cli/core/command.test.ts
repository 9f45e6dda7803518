/** What the types refuse: `tsc` fails where a line below that is marked as an error is none. */
import { createCommand } from './builders';
import { defineCommand, type Flag } from './command';
import { apiFlags } from './flags';
import { scopes } from '../resources/scopes';

const FLAGS = [
  { name: 'host', type: 'string', description: '' },
  { name: 'port', type: 'int', description: '' },
] as const satisfies readonly Flag[];

test('a handler can name the flags of its command and no others, each with the type of its value', () => {
  const command = defineCommand({
    synopsis: '',
    flags: apiFlags(...FLAGS),
    run({ args, line }) {
      const texts: string[] = [args.host, args.addr, args['token-name']];
      const port: number | undefined = args.port;
      // @ts-expect-error: misspelt
      texts.push(args.hots);
      // @ts-expect-error: a number is no text
      texts.push(args.port);
      // @ts-expect-error: misspelt
      line.has('prot');
      return Promise.resolve(texts.length + (port ?? 0));
    },
  });
  expect(command.flags).toHaveLength(4);
});

test('so can what completes the body of a request', () => {
  const command = createCommand(scopes, {
    more: FLAGS,
    complete({ args }, { item }) {
      item.host = args.host;
      // @ts-expect-error: misspelt
      item.port = args.prot;
    },
  });
  expect(command.run).toBeDefined();
});

test('a flag whose name the types do not know cannot be named', () => {
  const flag: Flag = { name: 'host', type: 'string', description: '' };
  const command = defineCommand({
    synopsis: '',
    flags: [{ title: '', flags: [flag] }],
    // @ts-expect-error: it is read with valueOf
    run: ({ args }) => Promise.resolve(Number(args.host)),
  });
  expect(command.flags).toHaveLength(1);
});
