import type { z } from 'zod';
import { mappingNode, type MappingNode } from '../lang/index.ts';
import { DiagnosticsError } from '../util/errors.ts';
import { explainIssue } from './explain-issue.ts';

/**
 * Judges the bound parameters of a task, as the engine does for each host.
 * @param node - the parameters as written, for the places of mistakes
 * @returns what the schema makes of them
 * @throws KvmnetError code `params`, or DiagnosticsError where there are several mistakes
 */
export function validateParams(
  module: { readonly name: string; readonly params: z.ZodType },
  values: unknown,
  node: MappingNode = mappingNode(new Map(), () => ({ file: '<command line>', line: 1, column: 1 })),
): unknown {
  const result = module.params.safeParse(values);
  if (result.success) return result.data;
  const subject = { module: module.name, schema: module.params, node, values, at: node.at };
  const errors = result.error.issues.flatMap((issue) => explainIssue(issue, subject));
  const [only, ...more] = errors;
  throw only !== undefined && more.length === 0 ? only : new DiagnosticsError(errors);
}
