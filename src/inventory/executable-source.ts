import { dirname } from 'node:path';
import pLimit from 'p-limit';
import { parseYaml, type MappingNode } from '../lang/index.ts';
import { KvmnetError } from '../util/errors.ts';
import type { Draft } from './draft.ts';
import { readGroupMap, setHostVars } from './group-map.ts';
import { complaint, run, type RunOptions } from './run.ts';

interface Program {
  readonly path: string;
  /** As shown in errors. */
  readonly name: string;
}

/** `--host` calls at the same time, for programs without `_meta`. */
const AT_ONCE = 8;

/** Runs a dynamic source with `--list`, and with `--host NAME` for each host where it gives no `_meta.hostvars`. */
export async function readExecutableSource(
  draft: Draft,
  program: Program,
  options: Omit<RunOptions, 'cwd'>,
): Promise<void> {
  const context = { ...options, cwd: dirname(program.path) };
  const root = await ask(program, ['--list'], context);
  if (root === undefined) {
    throw new KvmnetError('inventory', `${program.name} --list printed nothing`, {
      hint: 'it must print one JSON object',
    });
  }
  const { hosts, hasHostVars } = readGroupMap(draft, root, program.path);
  if (hasHostVars) return;
  const limit = pLimit(AT_ONCE);
  const answers = await Promise.all(hosts.map((host) => limit(() => ask(program, ['--host', host], context))));
  for (const [index, host] of hosts.entries()) {
    const vars = answers[index];
    if (vars !== undefined) setHostVars(draft, host, vars);
  }
}

/** @returns undefined where the program prints nothing. */
async function ask(program: Program, args: readonly string[], options: RunOptions): Promise<MappingNode | undefined> {
  const { code, stdout, stderr } = await run(program.path, args, options);
  const call = [program.name, ...args].join(' ');
  if (options.signal?.aborted === true) throw new KvmnetError('interrupted', `${call} was interrupted`);
  if (typeof code === 'string') {
    throw new KvmnetError('inventory', `${call} did not run (${code})${complaint(stderr)}`, {
      hint: code === 'ENOENT' ? 'the program that its first line names is not installed' : 'run it by hand to see why',
    });
  }
  if (code !== 0) {
    throw new KvmnetError('inventory', `${call} failed with exit code ${code}${complaint(stderr)}`, {
      hint: 'run it by hand to see why',
    });
  }
  if (stdout.trim() === '') return undefined;
  try {
    JSON.parse(stdout);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new KvmnetError('inventory', `${call} printed no valid JSON: ${reason}${complaint(stderr)}`, {
      hint: 'it must print one JSON object and nothing else on its standard output',
      cause: error,
    });
  }
  const { root, diagnostics } = parseYaml(stdout, `<${call}>`);
  const [first] = diagnostics;
  if (first !== undefined) throw first;
  if (root?.kind === 'mapping') return root;
  throw new KvmnetError('inventory', `${call} printed JSON that is not an object`, {
    hint: 'it must print one JSON object',
  });
}
