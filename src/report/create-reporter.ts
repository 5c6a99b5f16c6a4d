import { KvmnetError } from '../util/errors.ts';
import { didYouMean } from '../util/suggest.ts';
import { createJsonlReporter } from './jsonl-reporter.ts';
import { createJunitReporter } from './junit-reporter.ts';
import { createLineReporter } from './line-reporter.ts';
import { fileTarget, streamTarget, type OutputTarget } from './output-target.ts';
import { createPaint, plain, wantsColour } from './paint.ts';
import type { Reporter, ReporterOptions } from './reporter.ts';
import { harmless } from './value-text.ts';

const kinds = ['tty', 'lines', 'jsonl', 'junit'] as const;
type Kind = (typeof kinds)[number];

interface Spec {
  readonly kind: Kind;
  readonly file: string | undefined;
}

/**
 * The reporters of a run as one. Without any that writes to the standard output there is the usual one: rows on a
 * terminal, lines elsewhere.
 *
 * @param specs - `tty`, `lines`, `jsonl` or `junit`, each but the first with `:FILE` where it is to go to a file
 * @throws KvmnetError code `usage` for a spec that makes no sense, code `io` where a file cannot be written
 */
export async function createReporters(specs: readonly string[], options: ReporterOptions): Promise<Reporter> {
  const parsed = specs.map(parseSpec);
  const onStdout = parsed.filter(({ file }) => file === undefined);
  if (onStdout.length > 1) {
    const names = onStdout.map(({ kind }) => kind).join(' and ');
    throw new KvmnetError('usage', `${names} cannot both write to the standard output`, {
      hint: 'send all but one to a file, e.g. --report junit:report.xml',
    });
  }
  const usual: Spec = { kind: options.stdout.isTTY === true ? 'tty' : 'lines', file: undefined };
  const wanted = onStdout.length === 0 ? [usual, ...parsed] : parsed;
  return all(await Promise.all(wanted.map((spec) => createOne(spec, options))));
}

function parseSpec(spec: string): Spec {
  const colon = spec.indexOf(':');
  const name = colon < 0 ? spec : spec.slice(0, colon);
  const file = colon < 0 ? undefined : spec.slice(colon + 1);
  const kind = kinds.find((k) => k === name);
  if (kind === undefined) throw new KvmnetError('usage', `unknown report "${name}"`, { hint: didYouMean(name, kinds) });
  if (file === '') throw new KvmnetError('usage', `--report ${spec} names no file after the colon`);
  if (kind === 'tty' && file !== undefined) {
    throw new KvmnetError('usage', 'the tty report needs a terminal, it cannot go to a file', {
      hint: `use lines:${file}`,
    });
  }
  return { kind, file };
}

async function createOne({ kind, file }: Spec, options: ReporterOptions): Promise<Reporter> {
  const { stdout, verbosity, env, colour } = options;
  const target: OutputTarget = file === undefined ? streamTarget(stdout) : await fileTarget(file);
  const paint = file === undefined ? createPaint(wantsColour(colour, stdout, env)) : plain;
  const view = { paint, verbosity, showOutput: options.showOutput ?? false };
  if (kind === 'jsonl') return createJsonlReporter(target);
  if (kind === 'junit') return createJunitReporter(target);
  if (kind === 'lines') return withoutOrders(createLineReporter(target, view));
  // listr2 is loaded only where there is a terminal to draw on.
  const { createTtyReporter } = await import('./tty/tty-reporter.ts');
  return withoutOrders(createTtyReporter(stdout, view, options.now ?? (() => performance.now())));
}

/** What hosts print must not give orders to the terminal of who watches. */
const withoutOrders = (reporter: Reporter): Reporter => ({
  ...reporter,
  handle: (event) => reporter.handle(harmless(event)),
});

const all = (reporters: readonly Reporter[]): Reporter => ({
  handle: (event) => {
    for (const reporter of reporters) reporter.handle(event);
  },
  suspend: () => {
    for (const reporter of reporters) reporter.suspend?.();
  },
  resume: () => {
    for (const reporter of reporters) reporter.resume?.();
  },
  end: async () => {
    await Promise.all(reporters.map((reporter) => reporter.end()));
  },
});
