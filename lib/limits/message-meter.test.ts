import { MessageMeter } from './message-meter';

const message = (length: number, sent = length): Buffer => {
  const bytes = Buffer.alloc(5 + sent);
  bytes.writeUInt32BE(length, 1);
  return bytes;
};

test('tells messages apart, however they are cut', () => {
  const whole = Buffer.concat([message(3), message(0), message(300)]);
  for (const size of [1, 2, 7, whole.length]) {
    const meter = new MessageMeter();
    let ended = 0;
    for (let at = 0; at < whole.length; at += size) ended += meter.push(whole.subarray(at, at + size)).ended;
    expect([size, ended, meter.isUnderWay]).toEqual([size, 3, false]);
  }
});

test('says what belongs to the last message', () => {
  const meter = new MessageMeter();
  expect(meter.push(Buffer.concat([message(3), message(100, 20)]))).toEqual({ ofLast: 25, ended: 1 });
  expect([meter.isUnderWay, meter.announced]).toEqual([true, 100]);
  expect(meter.push(Buffer.alloc(80))).toEqual({ ofLast: 80, ended: 1 });
  expect(meter.isUnderWay).toBe(false);
});
