/** What proofs of the authorization point rest on, as far as types do not hold it. */
import { isTest, listFiles, read, sourceFiles } from './tree';

const typescript = listFiles().filter((file) => file.endsWith('.ts') && !file.startsWith('proto/gen/'));
const product = sourceFiles().filter((file) => !isTest(file));

test('only the authorizer makes proofs, and the helper of tests that call stores', () => {
  const makers = typescript.filter((file) => /import \{[^}]*\bprove\b[^}]*\} from '[^']*\/proof'/.test(read(file)));
  expect(makers.sort()).toEqual(['services/controller/authz/authorizer.ts', 'test/harness/proofs.ts']);
});

test('nothing is cast to a proof', () => {
  const cast = /\bas (unknown as |never as |any as )?(Allowed\w*|AnyAllowed|Proof)\b/;
  const casts = typescript.filter((file) => cast.test(read(file)));
  expect(casts).toEqual(['test/harness/proofs.ts']);
});

/** Functions of a file at its top level, each with its parameters and its whole text. */
function functionsOf(file: string): { name: string; parameters: string; text: string }[] {
  const parts = read(file).split(/^(?=(?:\/\*\*|export|async function|function|const|interface|type) ?)/m);
  return parts.flatMap((text) => {
    const name = /^(?:export )?(?:async )?(?:function|const) (\w+)/.exec(text)?.[1];
    const parameters = /\(([\s\S]*?)\)(?:: [^\n]*)? (?:=>|\{)/.exec(text)?.[1];
    return name === undefined || parameters === undefined ? [] : [{ name, parameters, text }];
  });
}

const proven = product
  .filter((file) => file.endsWith('.store.ts'))
  .flatMap((file) => functionsOf(file).map((found) => ({ file, ...found })))
  .filter(({ parameters }) => /: Allowed\w*</.test(parameters));

test('no store ignores the proof that it takes', () => {
  expect(proven.length).toBeGreaterThan(60);
  const ignoring = proven.filter(
    ({ parameters, text }) =>
      /\b_\w+: Allowed/.test(parameters) ||
      (/\ballowed: Allowed/.test(parameters) && !/\ballowed\b[^:]/.test(text.replace(parameters, ''))),
  );
  expect(ignoring.map(({ file, name }) => `${file} ${name}`)).toEqual([]);
});

/** They make something else than what the proof is about, and say its new id. */
const MAKE_SOMETHING_ELSE = ['insertUserOfLogin', 'insertSession'];

test('no store takes an id or a scope beside its proof', () => {
  const named = (file: string, type: string): string =>
    new RegExp(`interface ${type}\\b[^{]*\\{([\\s\\S]*?)\\n\\}`).exec(read(file))?.[1] ?? '';
  const taking = proven.filter(({ file, parameters }) => {
    const types = [...parameters.matchAll(/: (?:Omit<)?([A-Z]\w+)( \||,|$|>)/gm)].map(([, type]) => named(file, type!));
    const omitted = /Omit<\w+, ([^>]*)>/.exec(parameters)?.[1] ?? '';
    return /\b(id|scope_id|scopeId): string/.test([parameters, ...(omitted.includes("'id'") ? [] : types)].join('\n'));
  });
  expect(taking.map(({ name }) => name).sort()).toEqual(MAKE_SOMETHING_ELSE.sort());
});

/** Doors that refuse before there is a caller with rights, and machines that enroll. */
const OTHER_DOORS = [
  'services/controller/authz/refusal.ts',
  'services/controller/gateway/cors.ts',
  'services/controller/gateway/gateway.ts',
  'services/controller/workers/enrollment.ts',
  'services/controller/workers/registration.ts',
];

test('which of 401, 403 and 404 a caller gets is decided in one place', () => {
  const refusing = /ApiError\(\s*'(Unauthenticated|PermissionDenied|NotFound)'|writeHead\(40[134]\b/;
  const found = product.filter((file) => file.startsWith('services/controller/') && refusing.test(read(file)));
  expect(found.sort()).toEqual(OTHER_DOORS);
});
