/** Prose is read in columns: comments and paragraphs end before {@link WIDTH} characters. */
import { linesOf } from './markdown';
import { isGenerated, listFiles, read } from './tree';

const WIDTH = 100;

/**
 * Comments of whole lines, by the kind of file. What a migration has run stays as it is, and the
 * schema is a dump of what they have run.
 */
const COMMENTS: { files: RegExp; comment: RegExp }[] = [
  { files: /\.(ts|mjs|cjs|proto|peggy|go)$/, comment: /^\s*(\/\/|\/?\*)/ },
  { files: /\.(sh|ya?ml|service|socket)$|Dockerfile$|^(\.ci\/run|bin\/\w+)$/, comment: /^\s*#/ },
];

/** Comments of these are still to be divided. */
const STILL_WIDE = new Set([
  'lib/transport/frames.ts',
  'lib/transport/relay.ts',
  'lib/transport/transport.ts',
  'lib/transport/turn-cork.ts',
  'lib/transport/websocket-channel.ts',
  'lib/transport/websocket-frames.ts',
  'services/server/main.ts',
  'services/server/predecessor.ts',
  'services/server/signals.ts',
  'services/server/streams.ts',
  'services/server/worker-process.ts',
  'services/worker/control/close-spool.ts',
  'services/worker/control/control-client.ts',
  'services/worker/control/upstream.ts',
  'services/worker/limits.ts',
  'services/worker/main.ts',
  'services/worker/proxy/proxy-server.ts',
  'services/worker/sessions/registry.ts',
]);

/** A line that no blank divides, such as one with a long link, cannot be shorter. */
const canBeDivided = (line: string): boolean => /\S\s+\S/.test(line.replace(/^\s*(\/\/|\/?\*+|#|-|\d+\.)\s*/, ''));

const tooWide = (line: string): boolean => line.length > WIDTH && canBeDivided(line);

const place = (file: string, number: number, line: string): string => `${file}:${number}: ${line.trim()}`;

test('comments are not wider than the page', () => {
  const wide = listFiles()
    .filter((file) => !isGenerated(file) && !STILL_WIDE.has(file))
    .flatMap((file) => {
      const comment = COMMENTS.find(({ files }) => files.test(file))?.comment;
      if (comment === undefined) return [];
      return read(file)
        .split('\n')
        .flatMap((line, i) => (comment.test(line) && tooWide(line) ? [place(file, i + 1, line)] : []));
    });
  expect(wide).toEqual([]);
});

test('paragraphs of the documentation are not wider than the page', () => {
  const wide = listFiles()
    .filter((file) => file.endsWith('.md'))
    .flatMap((file) =>
      linesOf(read(file)).flatMap(({ line, number, kind }) =>
        kind === 'prose' && tooWide(line) ? [place(file, number, line)] : [],
      ),
    );
  expect(wide).toEqual([]);
});
