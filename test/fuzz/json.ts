/** Changes JSON along its structure: values are replaced, moved, doubled, wrapped, keys renamed. */
import type { Chance } from './target';

const VALUES: unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e300,
  2 ** 31,
  2 ** 53,
  '',
  'a',
  '0',
  '-1',
  '1e5',
  '\0',
  '\ud800',
  'env://X',
  '2020-01-01T00:00:00Z',
  '0001-01-01T00:00:00Z',
  [],
  {},
  [[]],
  [null],
  { id: null },
  { __proto__: null },
  'x'.repeat(300),
];
const KEYS = ['id', 'name', 'type', 'attributes', 'version', '__proto__', 'constructor', 'toString', '', '0'];

type Place = { parent: any; key: string | number };

export function mutateJson(input: Buffer, chance: Chance): Buffer {
  let root: { value: unknown };
  try {
    root = { value: JSON.parse(input.toString()) as unknown };
  } catch {
    return Buffer.from(JSON.stringify({ [chance.pick(KEYS)]: chance.pick(VALUES) }));
  }
  for (let left = 1 + chance.small(4); left > 0; left--) change(root, chance);
  return Buffer.from(JSON.stringify(root.value) ?? 'null');
}

function places(root: { value: unknown }): Place[] {
  const found: Place[] = [{ parent: root, key: 'value' }];
  for (let at = 0; at < found.length && found.length < 500; at++) {
    const { parent, key } = found[at]!;
    const value = parent[key] as unknown;
    if (typeof value !== 'object' || value === null) continue;
    for (const inner of Object.keys(value)) found.push({ parent: value, key: inner });
  }
  return found;
}

function change(root: { value: unknown }, chance: Chance): void {
  const all = places(root);
  const { parent, key } = chance.pick(all);
  const copy = (value: unknown): unknown => (value === undefined ? null : structuredClone(value));
  const set = (value: unknown): void =>
    void Object.defineProperty(parent, key, { value, enumerable: true, configurable: true, writable: true });
  // Values are changed later, so each place gets one of its own.
  const value = (): unknown => copy(chance.pick(VALUES));
  const other = chance.pick(all);
  switch (chance.below(7)) {
    case 0:
      return set(copy(other.parent[other.key]));
    case 1:
      if (parent !== root) delete parent[key];
      return;
    case 2:
      return set(Array.from({ length: 1 << chance.below(6) }, () => copy(parent[key])));
    case 3:
      return set({ [chance.pick(KEYS)]: copy(parent[key]) });
    case 4: {
      const inside = parent[key] as unknown;
      if (typeof inside !== 'object' || inside === null) return set(value());
      const name = chance.below(2) === 0 ? chance.pick(KEYS) : String(other.key);
      const description = { value: value(), enumerable: true, configurable: true, writable: true };
      return void Object.defineProperty(inside, name, description);
    }
    default:
      return set(value());
  }
}
