import { dirname } from 'node:path';
import type { Environment, ParseResult } from '@marcbachmann/cel-js';
import { KvmnetError } from '../util/errors.ts';
import { didYouMean } from '../util/suggest.ts';
import { createEnvironment } from './cel-environment.ts';
import { explainCel } from './cel-errors.ts';
import { celRoots } from './cel-roots.ts';
import { CelScope, MissingVariable } from './cel-scope.ts';
import { fromCel } from './cel-values.ts';
import { describeValue, type VarSource } from './lazy.ts';
import type { TextOrigin } from './source-text.ts';

/** A CEL expression, checked once, evaluated per host. */
export interface Expr {
  readonly source: string;
  readonly origin: TextOrigin;
  /** Names of the variables that it may read. */
  readonly roots: ReadonlySet<string>;
  /** What it is known to give, in CEL's words: `bool`, `int`, `list` …; `dyn` where that depends on variables. */
  readonly type: string;
  evaluate(vars: VarSource): unknown;
}

// The one environment is never changed after it is made.
const environment: Environment = createEnvironment();

/** @throws KvmnetError code `expression` with the place of the mistake: syntax, unknown functions, types */
export function compileExpr(source: string, origin: TextOrigin): Expr {
  const parsed = parse(source, origin);
  const { places } = parsed;
  const directory = dirname(origin.at.file);
  let busy = false;
  return {
    source,
    origin,
    roots: new Set(places.keys()),
    type: parsed.type,
    evaluate(vars) {
      const scope = new CelScope(vars, directory, typeValue);
      // A parsed expression keeps the state of its loops in itself: one that reads itself on another host needs a copy.
      const run = busy ? parse(source, origin).run : parsed.run;
      const outermost = !busy;
      busy = true;
      try {
        const result: unknown = run(scope);
        if (scope.failure !== undefined) throw scope.failure;
        return fromCel(result);
      } catch (error) {
        throw explain(error, scope, source, origin, places);
      } finally {
        if (outermost) busy = false;
      }
    },
  };
}

const typeValue = (name: string): unknown => environment.evaluate(name) as unknown;

/** Evaluates a condition. @throws KvmnetError where the result is not a boolean */
export function evaluateCondition(expr: Expr, vars: VarSource): boolean {
  const value = expr.evaluate(vars);
  if (typeof value === 'boolean') return value;
  throw notBoolean(expr, describeValue(value), value);
}

/** Refuses, before anything runs, a condition that cannot give a boolean. */
export function checkCondition(expr: Expr): void {
  if (expr.type === 'bool' || expr.type === 'dyn') return;
  throw notBoolean(expr, TYPE_NAMES[expr.type] ?? expr.type, undefined);
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  int: 'a number',
  double: 'a number',
  string: 'a text',
  list: 'a list',
  map: 'a mapping',
  null: 'null',
};

function notBoolean(expr: Expr, what: string, value: unknown): KvmnetError {
  const hint =
    typeof value === 'string' && /^(?:yes|no|on|off|true|false)$/i.test(value)
      ? 'write true or false, without quotes, where the variable is set'
      : 'compare it, for example: size(x) > 0, x != "", x == true';
  return new KvmnetError('expression', `the condition "${expr.source.trim()}" gives ${what}, not a boolean`, {
    at: expr.origin.at,
    hint,
  });
}

function parse(source: string, origin: TextOrigin) {
  let run: ParseResult;
  try {
    run = environment.parse(source);
  } catch (error) {
    throw staticError(error, source, origin);
  }
  const places = celRoots(run.ast);
  const checked = run.check();
  if (!checked.valid) throw staticError(checked.error, source, origin);
  return { run, places, type: checked.type ?? 'dyn' };
}

interface CelErrorLike {
  readonly code: string;
  readonly summary: string;
  readonly range?: { readonly start: number };
  readonly node?: { readonly pos: number; readonly start: number; readonly end: number };
}

const isCelError = (error: unknown): error is CelErrorLike & Error =>
  error instanceof Error && 'code' in error && 'summary' in error;

function staticError(error: unknown, source: string, origin: TextOrigin): unknown {
  if (!isCelError(error)) return error;
  const start = error.range?.start ?? 0;
  const { message, hint } = explainCel(error.code, error.summary, source, start);
  return new KvmnetError('expression', message, { at: origin.locate(start), hint, cause: error });
}

function explain(
  error: unknown,
  scope: CelScope,
  source: string,
  origin: TextOrigin,
  places: ReadonlyMap<string, number>,
): unknown {
  if (error instanceof KvmnetError) return error;
  if (error instanceof MissingVariable) {
    const { message, hint } = error.explained;
    const at = origin.locate(places.get(error.variable) ?? 0);
    return new KvmnetError('undefined-variable', message, { at, hint, cause: error });
  }
  if (!isCelError(error)) {
    if (error instanceof Error && error.constructor === Error)
      return new KvmnetError('expression', error.message, { at: origin.at, cause: error });
    return error;
  }
  const start = error.range?.start ?? 0;
  const key = /^No such key: (.*)$/.exec(error.summary)?.[1];
  if (error.code === 'no_such_key' && key !== undefined) {
    const path = source.slice(error.node?.start ?? start, error.node?.end ?? source.length).trim();
    const known = scope.miss?.key === key ? scope.miss.known() : [];
    return new KvmnetError('undefined-variable', `"${path}" is undefined: there is no "${key}"`, {
      at: origin.locate(error.node?.pos ?? start),
      hint: didYouMean(key, known) ?? 'use default(x, value) or defined(x) where it may be missing',
      cause: error,
    });
  }
  const { message, hint } = explainCel(error.code, error.summary, source, start);
  return new KvmnetError('expression', message, { at: origin.locate(start), hint, cause: error });
}
