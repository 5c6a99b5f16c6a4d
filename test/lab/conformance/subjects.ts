import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createRegistry } from '../../../src/engine/registry.ts';
import type { AnyModule, AnyResource } from '../../../src/sdk/index.ts';
import type { ExampleCase, ModuleCase } from './module-case.ts';

export interface Example {
  readonly title: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly needs?: 'vm' | 'hardware';
}

/** A resource module with its case. */
export interface Subject {
  readonly name: string;
  readonly module: AnyResource;
  readonly examples: readonly Example[];
  readonly table: ModuleCase;
}

/** One example that runs in the lab. */
export interface Trial {
  readonly subject: Subject;
  readonly example: Example;
  readonly table: ExampleCase;
}

export interface Subjects {
  readonly subjects: readonly Subject[];
  /** What stands in the way of testing all of them, in words for the author. */
  readonly mistakes: readonly string[];
}

const folder = fileURLToPath(new URL('cases/', import.meta.url));
const place = (name: string): string => `test/lab/conformance/cases/${name}.ts`;

/** All resource modules there are now. A module without a case is a mistake: the suite has to grow with the modules. */
export async function loadSubjects(): Promise<Subjects> {
  const registry = createRegistry();
  const subjects: Subject[] = [];
  const mistakes: string[] = [];
  const known = new Set<string>();
  for (const name of registry.names()) {
    const module = await registry.get(name).catch((error: unknown) => void mistakes.push(String(error)));
    if (module?.kind !== 'module') continue;
    known.add(name);
    const table = await loadCase(name);
    if (table === undefined) mistakes.push(`the module ${name} has no conformance case: add it to ${place(name)}`);
    else subjects.push({ name, module, table, examples: examplesOf(module) });
  }
  const files = readdirSync(folder).map((file) => file.replace(/\.ts$/, ''));
  mistakes.push(...files.filter((name) => !known.has(name)).map((name) => `${place(name)} is of no resource module`));
  mistakes.push(...subjects.flatMap(mistakesOf));
  return { subjects, mistakes };
}

export const examplesOf = (module: AnyModule): readonly Example[] => module.examples as readonly Example[];

/** The examples that run in the lab, with what is said of them. */
export const trialsOf = (subject: Subject): readonly Trial[] =>
  subject.examples.flatMap((example) => {
    const table = subject.table.examples[example.title];
    return table === undefined ? [] : [{ subject, example, table }];
  });

// Against files made for it, what needs a virtual machine can run here as well.
function mistakesOf({ name, examples, table }: Subject): readonly string[] {
  const told = Object.keys(table.examples);
  const here = examples.filter(({ needs }) => needs === undefined || table.recorded !== undefined);
  const titles = new Set(here.map(({ title }) => title));
  const due = here.filter(({ needs, title }) => needs === undefined && !told.includes(title));
  // Cases written by others may lag behind the type.
  const lacks = (['reboot', 'refuses'] as const).filter((key) => (table as Partial<ModuleCase>)[key] === undefined);
  return [
    ...lacks.map((key) => `${place(name)} lacks ${key}`),
    ...due.map(({ title }) => `${place(name)} lacks the example "${title}"`),
    ...told.filter((title) => !titles.has(title)).map((title) => `${place(name)}: no example for the lab "${title}"`),
  ];
}

async function loadCase(name: string): Promise<ModuleCase | undefined> {
  const file = `${folder}${name}.ts`;
  if (!existsSync(file)) return undefined;
  const exported = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as { readonly default: ModuleCase };
  return exported.default;
}
