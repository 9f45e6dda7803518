/**
 * Regular expressions in RE2's syntax (the common part), matched in time linear in the subject: a parser that makes a
 * small program, and a machine that follows all its paths at once. JavaScript's own engine backtracks and would let a
 * caller's pattern stop the process; here it only ever judges single characters, for classes.
 */
import { parsePattern, type Node } from './regex-parser';

export { RegexSyntaxError } from './regex-parser';

/** Instructions of a compiled program; counted repetition is written out, so it is what `{n,m}` can blow up. */
const MAX_PROGRAM = 2_000;
/** Code units of a subject; longer ones are an error. Work is bounded by the product of the two. */
export const MAX_SUBJECT = 8_192;

type Instruction =
  | { op: 'character'; test: (character: string) => boolean; next: number }
  | { op: 'split'; next: number; other: number }
  | { op: 'assert'; test: (before: string, after: string) => boolean; next: number }
  | { op: 'match' };

class TooLarge extends Error {}

/** Appends instructions back to front: each node is compiled for what follows it. */
class Compiler {
  readonly program: Instruction[] = [{ op: 'match' }];

  add(instruction: Instruction): number {
    if (this.program.length >= MAX_PROGRAM) throw new TooLarge();
    return this.program.push(instruction) - 1;
  }

  compile(node: Node, next: number): number {
    switch (node.kind) {
      case 'character':
        return this.add({ op: 'character', test: node.test, next });
      case 'assert':
        return this.add({ op: 'assert', test: node.test, next });
      case 'sequence':
        return node.nodes.reduceRight((after, child) => this.compile(child, after), next);
      case 'choice':
        return node.nodes
          .map((child) => this.compile(child, next))
          .reduceRight((other, start) => this.add({ op: 'split', next: start, other }));
      case 'repeat':
        return this.repeat(node, next);
    }
  }

  private repeat(node: Node & { kind: 'repeat' }, next: number): number {
    let start = next;
    if (node.max === undefined) {
      const loop = this.add({ op: 'split', next: 0, other: next });
      this.program[loop] = { op: 'split', next: this.compile(node.inner, loop), other: next };
      start = loop;
    }
    for (let i = node.min; i < (node.max ?? 0); i++) {
      start = this.add({ op: 'split', next: this.compile(node.inner, start), other: next });
    }
    for (let i = 0; i < node.min; i++) start = this.compile(node.inner, start);
    return start;
  }
}

/** The places reachable from a set of places without reading; `match` among them ends the search. */
function follow(program: Instruction[], from: number[], before: string, after: string): number[] | 'match' {
  const seen = new Uint8Array(program.length);
  const stack = [...from];
  const places: number[] = [];
  for (let place = stack.pop(); place !== undefined; place = stack.pop()) {
    if (seen[place] === 1) continue;
    seen[place] = 1;
    const instruction = program[place]!;
    if (instruction.op === 'match') return 'match';
    if (instruction.op === 'character') places.push(place);
    else if (instruction.op === 'split') stack.push(instruction.next, instruction.other);
    else if (instruction.test(before, after)) stack.push(instruction.next);
  }
  return places;
}

/**
 * A test of whether `pattern` matches anywhere in a subject. Throws RegexSyntaxError; the test throws RangeError for
 * subjects longer than {@link MAX_SUBJECT}.
 */
export function compileRegex(pattern: string): (subject: string) => boolean {
  const compiler = new Compiler();
  const start = compileOrRefuse(compiler, pattern);
  return (subject) => {
    if (subject.length > MAX_SUBJECT) throw new RangeError(`text is longer than ${MAX_SUBJECT} characters`);
    return search(compiler.program, start, subject);
  };
}

function compileOrRefuse(compiler: Compiler, pattern: string): number {
  const tree = parsePattern(pattern);
  try {
    return compiler.compile(tree.node, 0);
  } catch (error) {
    if (error instanceof TooLarge) throw tree.refuse('expression is too large');
    throw error;
  }
}

function search(program: Instruction[], start: number, subject: string): boolean {
  let places: number[] = [];
  let before = '';
  const characters = [...subject];
  for (const after of [...characters, '']) {
    const reached = follow(program, [...places, start], before, after);
    if (reached === 'match') return true;
    places = [];
    if (after === '') break;
    for (const place of reached) {
      const instruction = program[place]!;
      if (instruction.op === 'character' && instruction.test(after)) places.push(instruction.next);
    }
    before = after;
  }
  return false;
}
