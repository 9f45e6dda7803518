/**
 * Counts branches: source files that guide the search are compiled with a counter in every block,
 * arm of a condition and right side of `&&`, `||` and `??`. Their literals become words of the
 * mutators.
 */
import { readFileSync } from 'node:fs';
import Module from 'node:module';
import { relative } from 'node:path';
import ts from 'typescript';

/** Branches counted; a target whose files have more shares counters between them. */
const MAX_COUNTERS = 1 << 16;
const COUNTERS = '__branches';

export interface Instruments {
  /** Times that each branch was taken. */
  readonly counters: Uint32Array;
  /** Branches of the files loaded so far. */
  branches(): number;
  /** Texts and numbers in the files loaded so far. */
  readonly literals: Set<string>;
}

/** From now on, files under `root` whose path fits `modules` are counted when they are required. */
export function instrument(root: string, modules: RegExp): Instruments {
  const counters = new Uint32Array(MAX_COUNTERS);
  const literals = new Set<string>();
  let branches = 0;
  Object.assign(globalThis, { [COUNTERS]: counters });
  const next = (): number => branches++ % MAX_COUNTERS;
  const { _extensions: extensions } = Module as unknown as {
    _extensions: Record<string, (module: { _compile(code: string, path: string): void }, path: string) => void>;
  };
  for (const extension of ['.ts', '.js']) {
    const plain = extensions[extension]!;
    extensions[extension] = (module, path) => {
      const isChosen = path.startsWith(root) && modules.test(relative(root, path));
      if (!isChosen) return plain(module, path);
      module._compile(compile(readFileSync(path, 'utf8'), path, next, literals), path);
    };
  }
  return { counters, branches: () => Math.min(branches, MAX_COUNTERS), literals };
}

function compile(source: string, path: string, next: () => number, literals: Set<string>): string {
  return ts.transpileModule(source, {
    fileName: path,
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.CommonJS,
      esModuleInterop: true,
      allowJs: true,
    },
    transformers: { before: [counting(next, literals)] },
  }).outputText;
}

function counting(next: () => number, literals: Set<string>): ts.TransformerFactory<ts.SourceFile> {
  return (context) => {
    const { factory } = context;
    const count = (): ts.Expression =>
      factory.createPostfixIncrement(
        factory.createElementAccessExpression(factory.createIdentifier(COUNTERS), factory.createNumericLiteral(next())),
      );
    const counted = (expression: ts.Expression): ts.Expression =>
      factory.createParenthesizedExpression(
        factory.createBinaryExpression(
          count(),
          ts.SyntaxKind.CommaToken,
          factory.createParenthesizedExpression(expression),
        ),
      );
    const statement = (body: ts.Statement): ts.Statement =>
      ts.isBlock(body) ? body : factory.createBlock([factory.createExpressionStatement(count()), body]);
    const visit = (node: ts.Node): ts.Node => {
      if (ts.isImportDeclaration(node) || ts.isTypeNode(node)) return node;
      if (ts.isStringLiteralLike(node) && node.text.length <= 32) literals.add(node.text);
      if (ts.isNumericLiteral(node)) literals.add(node.text);
      const inner = ts.visitEachChild(node, visit, context);
      if (ts.isBlock(inner)) {
        return factory.updateBlock(inner, [factory.createExpressionStatement(count()), ...inner.statements]);
      }
      if (ts.isArrowFunction(inner) && !ts.isBlock(inner.body)) {
        const { modifiers, typeParameters, parameters, type, equalsGreaterThanToken } = inner;
        return factory.updateArrowFunction(
          inner,
          modifiers,
          typeParameters,
          parameters,
          type,
          equalsGreaterThanToken,
          counted(inner.body),
        );
      }
      if (ts.isIfStatement(inner)) {
        const otherwise = inner.elseStatement && statement(inner.elseStatement);
        return factory.updateIfStatement(inner, inner.expression, statement(inner.thenStatement), otherwise);
      }
      if (ts.isConditionalExpression(inner)) {
        const { condition, questionToken, whenTrue, colonToken, whenFalse } = inner;
        return factory.updateConditionalExpression(
          inner,
          condition,
          questionToken,
          counted(whenTrue),
          colonToken,
          counted(whenFalse),
        );
      }
      if (ts.isCaseClause(inner)) {
        return factory.updateCaseClause(inner, inner.expression, [
          factory.createExpressionStatement(count()),
          ...inner.statements,
        ]);
      }
      if (ts.isIterationStatement(inner, false)) return loop(inner, statement, factory);
      if (ts.isBinaryExpression(inner) && isShortCircuit(inner.operatorToken.kind)) {
        return factory.updateBinaryExpression(inner, inner.left, inner.operatorToken, counted(inner.right));
      }
      return inner;
    };
    return (file) => ts.visitNode(file, visit) as ts.SourceFile;
  };
}

const isShortCircuit = (kind: ts.SyntaxKind): boolean =>
  [ts.SyntaxKind.AmpersandAmpersandToken, ts.SyntaxKind.BarBarToken, ts.SyntaxKind.QuestionQuestionToken].includes(
    kind,
  );

function loop(
  node: ts.IterationStatement,
  statement: (body: ts.Statement) => ts.Statement,
  factory: ts.NodeFactory,
): ts.Node {
  const body = statement(node.statement);
  if (ts.isForStatement(node)) {
    return factory.updateForStatement(node, node.initializer, node.condition, node.incrementor, body);
  }
  if (ts.isForOfStatement(node)) {
    return factory.updateForOfStatement(node, node.awaitModifier, node.initializer, node.expression, body);
  }
  return ts.isWhileStatement(node) ? factory.updateWhileStatement(node, node.expression, body) : node;
}
