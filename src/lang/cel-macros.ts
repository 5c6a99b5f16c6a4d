import { EvaluationError, type ASTNode, type Environment } from '@marcbachmann/cel-js';
import { lookupFile, type ExpressionFunction } from './cel-functions.ts';
import { type CelScope, MissingVariable, SCOPE } from './cel-scope.ts';

/** Functions that see the expression of their argument, not its value. */
export const macros: readonly ExpressionFunction[] = [
  {
    signature: 'defined(x) -> bool',
    summary: 'whether a variable, or a member of one, exists',
    example: 'defined(no_such_variable.member)',
    result: 'false',
  },
  {
    signature: 'default(x, value)',
    summary: 'x, or the value where x is undefined, missing or null',
    example: 'default(no_such_variable.member, 1500)',
    result: '1500',
  },
  {
    signature: 'lookup_file(path) -> string',
    summary: 'the text of a file on the controller; the path is relative to the file in which this stands',
    example: 'lookup_file("/dev/null")',
    result: '""',
  },
];

// What cel-js hands to a macro. Its own types say `any`.
interface Runner {
  run(ast: ASTNode, context: Context): unknown;
}
interface Checker {
  check(ast: ASTNode, context: Context): { readonly name: string };
  getType(name: string): { readonly name: string };
}
interface Context {
  getValue(name: string): unknown;
}
interface Call {
  readonly args: readonly ASTNode[];
}
interface Macro extends Call {
  readonly async: false;
  typeCheck(checker: Checker, macro: Macro, context: Context): { readonly name: string };
  evaluate(runner: Runner, macro: Macro, context: Context): unknown;
}

export function registerMacros(environment: Environment): void {
  environment.registerFunction(
    'defined(ast): bool',
    macro('bool', (run, [arg]) => run(arg) !== undefined),
  );
  environment.registerFunction(
    'default(ast, ast): dyn',
    macro('dyn', (run, [arg, otherwise], strict) => run(arg) ?? strict(otherwise)),
  );
  environment.registerFunction(
    'lookup_file(ast): string',
    macro('string', (_run, [arg], strict, scope) => {
      const path = strict(arg);
      if (typeof path !== 'string') throw new EvaluationError('lookup_file: the path must be a text');
      return lookupFile(scope.directory, path);
    }),
  );
}

type Eval = (ast: ASTNode | undefined) => unknown;

/** @param body its first argument evaluates leniently (undefined where something is missing), the third strictly */
function macro(
  type: string,
  body: (lenient: Eval, args: Call['args'], strict: Eval, scope: CelScope) => unknown,
): (call: Call) => Macro {
  return ({ args }) => ({
    args,
    async: false,
    typeCheck(checker, self, context) {
      for (const arg of self.args) checker.check(arg, context);
      return checker.getType(type);
    },
    evaluate(runner, self, context) {
      const scope = context.getValue(SCOPE) as CelScope;
      const strict: Eval = (ast) => (ast === undefined ? undefined : runner.run(ast, context));
      return body((ast) => forgiving(scope, () => strict(ast)), self.args, strict, scope);
    },
  });
}

const MISSING: ReadonlySet<string> = new Set(['no_such_key', 'index_out_of_bounds', 'unknown_variable']);

function forgiving(scope: CelScope, run: () => unknown): unknown {
  const before = scope.failure;
  try {
    return run();
  } catch (error) {
    const missing = error instanceof MissingVariable || (error instanceof EvaluationError && MISSING.has(error.code));
    if (!missing) throw error;
    scope.failure = before;
    return undefined;
  }
}
