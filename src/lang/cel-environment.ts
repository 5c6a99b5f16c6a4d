import { Environment, EvaluationError } from '@marcbachmann/cel-js';
import { functions, type ExpressionFunction } from './cel-functions.ts';
import { macros, registerMacros } from './cel-macros.ts';

/** kvmnet's own functions, for the documentation; every example is run by a test. CEL's standard ones come on top. */
export const expressionFunctions: readonly ExpressionFunction[] = [
  ...macros,
  ...functions.map(({ signature, summary, example, result }) => ({ signature, summary, example, result })),
];

// CEL's own; kvmnet's are listed above.
const STANDARD =
  'size has all exists exists_one map filter contains startsWith endsWith matches split join trim indexOf lastIndexOf ' +
  'substring int double string bool type orValue hasValue value timestamp duration lowerAscii upperAscii';

/** Names that can be called, for "did you mean". */
export const functionNames: readonly string[] = [
  ...expressionFunctions.map(({ signature }) => /^(?:text\.)?(\w+)/.exec(signature)?.[1] ?? signature),
  'ceil',
  'floor',
  ...STANDARD.split(' '),
];

export function createEnvironment(): Environment {
  const environment = new Environment({
    unlistedVariablesAreDyn: true,
    homogeneousAggregateLiterals: false,
    enableOptionalTypes: true,
  });
  registerMacros(environment);
  for (const { overloads } of functions) {
    for (const [signature, run] of overloads) environment.registerFunction(signature, located(run), { async: false });
  }
  // Whether a number from YAML is an integer depends on its value (2.0 is), so mixed arithmetic has to work.
  const arithmetic = {
    '+': (a: number, b: number) => a + b,
    '-': (a: number, b: number) => a - b,
    '*': (a: number, b: number) => a * b,
    '/': (a: number, b: number) => a / b,
  };
  for (const [operator, run] of Object.entries(arithmetic)) {
    const mixed = (a: number | bigint, b: number | bigint) => run(Number(a), Number(b));
    environment.registerOperator(`int ${operator} double: double`, mixed);
    environment.registerOperator(`double ${operator} int: double`, mixed);
  }
  return environment;
}

/** Plain errors of a function become CEL's, which know the place of the call. */
function located(run: (...args: never[]) => unknown): (...args: never[]) => unknown {
  return (...args) => {
    try {
      return run(...args);
    } catch (error) {
      if (error instanceof EvaluationError || !(error instanceof Error) || error.constructor !== Error) throw error;
      throw new EvaluationError(error.message);
    }
  };
}
