import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, eventLevel, setLevel, type LogOptions, type Logger } from './log';

const dir = mkdtempSync(join(tmpdir(), 'sallyport-log-'));
afterAll(() => rmSync(dir, { recursive: true }));
let files = 0;

/** What is written for the work, without times and process ids. */
function written(options: Omit<LogOptions, 'fd' | 'level'> & { level?: string }, work: (log: Logger) => void): string {
  const file = join(dir, String(files++));
  const fd = openSync(file, 'w');
  work(createLogger('test', { level: 'info', ...options, fd }));
  closeSync(fd);
  return readFileSync(file, 'utf8')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replace(/"pid":\s*\d+/g, '"pid":1');
}

const one = (log: Logger): void => log.warn({ password: 'hush', a: 'b c', n: 1, err: undefined }, 'a "message"');

test('the formats', () => {
  expect(written({}, one)).toBe(
    '{"level":40,"time":"TIME","pid":1,"name":"test","password":"[REDACTED]","a":"b c","n":1,"msg":"a \\"message\\""}\n',
  );
  expect(written({ format: 'standard' }, one)).toBe(
    'TIME [WARN]  test: a "message": password=[REDACTED] a="b c" n=1\n',
  );
  const event = JSON.parse(written({ format: 'cloudevents-json' }, one));
  expect(event).toEqual({
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    source: '/sallyport/test',
    specversion: '1.0',
    type: 'system',
    data: { level: 40, pid: 1, password: '[REDACTED]', a: 'b c', n: 1, msg: 'a "message"' },
    datacontenttype: 'application/json',
    time: 'TIME',
  });
  expect(written({ format: 'cloudevents-text' }, one)).toMatch(/^\{\n {2}"id": /);
});

test('what a value holds cannot forge a line', () => {
  const text = written({ format: 'standard' }, (log) => log.info({ a: 'x\ny=1', b: 'p=q' }, 'm\n2030 [INFO] test: no'));
  expect(text.split('\n')).toHaveLength(2);
  expect(text).toContain('a="x\\ny=1" b="p=q"');
});

test.each(['json', 'standard', 'cloudevents-json', 'cloudevents-text'] as const)(
  'what a value holds does not speak to a terminal: %s',
  (format) => {
    const evil = '\u001b[2J\u009b31m\u202e\u{e0041}';
    const text = written({ format }, (log) => log.info({ a: evil, list: [evil] }, evil));
    expect(text).not.toMatch(/[\u009b\u202e]|\p{Cf}/u);
    expect(text.match(/\\u001b\[2J\\u009b31m\\u202e\\udb40\\udc41/g)).toHaveLength(3);
    if (format === 'json') expect(JSON.parse(text)).toMatchObject({ a: evil, list: [evil], msg: evil });
  },
);

const kinds = (log: Logger): void => {
  log.child({ type: 'audit' }, { level: eventLevel(log, 'audit') }).info('an audit');
  log.child({ type: 'observation' }, { level: eventLevel(log, 'observation') }).debug('a request');
  log.info('a system event');
  log.error('an error');
};
const messages = (options: Parameters<typeof written>[0]): string[] =>
  [...written(options, kinds).matchAll(/"msg":"([^"]+)"/g)].map((match) => match[1]!);

const events = (more: Partial<NonNullable<LogOptions['events']>>) => ({ events: { allow: [], deny: [], ...more } });

test('kinds of events are switched', () => {
  expect(messages({})).toEqual(['an audit', 'a system event', 'an error']);
  expect(messages({ level: 'debug' })).toEqual(['an audit', 'a request', 'a system event', 'an error']);
  expect(messages(events({ audit: false, observations: true }))).toEqual(['a request', 'a system event', 'an error']);
  expect(messages({ level: 'debug', ...events({ observations: false }) })).not.toContain('a request');
  expect(messages(events({ system: false }))).toEqual(['an audit', 'an error']);
});

test('filters', () => {
  expect(messages(events({ allow: ['"/type" == "audit"', '"/data/msg" contains "system"'] }))).toEqual([
    'an audit',
    'a system event',
  ]);
  expect(messages(events({ deny: ['"/type" == "audit"', '"/data/level" == 50'] }))).toEqual(['a system event']);
});

test('the level changes while the program runs', () => {
  const text = written({ level: 'error' }, (log) => {
    log.info('before');
    setLevel(log, 'info');
    log.info('after');
  });
  expect(text).toMatch(/after/);
  expect(text).not.toMatch(/before/);
});

test('a log that takes nothing more ends nothing', () => {
  const full = openSync('/dev/full', 'w');
  const log = createLogger('test', { level: 'info', fd: full });
  for (let n = 0; n < 12_000; n++) one(log);
  closeSync(full);
});
