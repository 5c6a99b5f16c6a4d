import { KvmnetError } from '../../util/errors.ts';
import { didYouMean } from '../../util/suggest.ts';
import type { Registry } from '../../engine/registry.ts';
import { createPaint, wantsColour } from '../../report/index.ts';
import type { AnyModule } from '../../sdk/index.ts';
import type { Cli } from '../cli.ts';
import { createCommand, parseArguments } from '../command.ts';
import { languagePages, languageText } from '../doc/language-pages.ts';
import { modulePage } from '../doc/module-page.ts';
import { pageText } from '../doc/page-text.ts';
import { registryFor } from '../modules.ts';

export async function run(cli: Cli, args: readonly string[]): Promise<number> {
  const command = createCommand(
    cli,
    'doc',
    'Lists the modules, or explains one: parameters, defaults, examples. Also: expressions, templates.',
  ).argument('[module]', 'its name; all modules where none is given');
  const [name] = parseArguments(command, args).processedArgs;
  const page = languagePages.find((one) => one.name === name);
  if (page !== undefined) {
    cli.print(languageText(page));
    return 0;
  }
  const registry = registryFor([cli.cwd]);
  cli.print(name === undefined ? await moduleList(registry) : await explain(cli, await knownModule(registry, name)));
  return 0;
}

/** @throws KvmnetError code `usage` where there is no module of that name */
export async function knownModule(registry: Registry, name: string): Promise<AnyModule> {
  const module = await registry.get(name);
  if (module !== undefined) return module;
  throw new KvmnetError('usage', `unknown module "${name}"`, {
    hint: didYouMean(name, registry.names()) ?? '"kvmnet doc" lists the modules',
  });
}

async function moduleList(registry: Registry): Promise<string> {
  const names = registry.names();
  const width = Math.max(0, ...names.map((name) => name.length));
  const modules = await Promise.all(names.map((name) => registry.get(name)));
  return modules
    .flatMap((module) => (module === undefined ? [] : [`${module.name.padEnd(width)}  ${module.summary}`]))
    .join('\n');
}

async function explain(cli: Cli, module: AnyModule): Promise<string> {
  const paint = createPaint(wantsColour(cli.colour, cli.stdout, cli.env));
  return pageText(modulePage(module), paint, Math.min(cli.stdout.columns ?? 100, 100));
}
