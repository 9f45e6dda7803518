import fc from 'fast-check';
import { Target } from '../../../proto/gen/api/targets';
import { encodedSize } from './encoded-size';

test('is never smaller than the message as JSON or protobuf', () => {
  const text = fc.string({ unit: 'binary' });
  const targets = fc.record({
    id: text,
    name: text,
    description: text,
    created_time: fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('2262-01-01') }),
    version: fc.nat(),
    authorized_actions: fc.array(text),
    attributes: fc.record({ default_port: fc.nat() }),
  });
  fc.assert(
    fc.property(targets, (target) => {
      const message = Target.fromPartial(target);
      const size = encodedSize(target);
      expect(size).toBeGreaterThanOrEqual(Buffer.byteLength(JSON.stringify(Target.toJSON(message))));
      expect(size).toBeGreaterThanOrEqual(Target.encode(message).finish().length);
    }),
  );
});
