import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createRegistry } from '../../../src/engine/registry.ts';
import type { AnyModule, AnyResource } from '../../../src/sdk/index.ts';
import type { ActionCase, ActionModuleCase, ModuleCase, StateCase } from './module-case.ts';

export interface Example {
  readonly title: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly needs?: 'vm' | 'hardware';
}

interface SubjectOf<Kind, Module, Table> {
  readonly kind: Kind;
  readonly name: string;
  readonly module: Module;
  readonly examples: readonly Example[];
  readonly table: Table;
}
export type ResourceSubject = SubjectOf<'module', AnyResource, ModuleCase>;
export type ActionSubject = SubjectOf<'action', Extract<AnyModule, { kind: 'action' }>, ActionModuleCase>;
/** A module or an action with its case. */
export type Subject = ResourceSubject | ActionSubject;

interface TrialOf<S, Table> {
  readonly subject: S;
  readonly example: Example;
  readonly table: Table;
}
/** One example that runs in the lab. */
export type StateTrial = TrialOf<ResourceSubject, StateCase>;
export type ActionTrial = TrialOf<Subject, ActionCase>;
export type Trial = StateTrial | ActionTrial;

export interface Subjects {
  readonly subjects: readonly Subject[];
  /** What stands in the way of testing all of them, in words for the author. */
  readonly mistakes: readonly string[];
}

const folder = fileURLToPath(new URL('cases/', import.meta.url));
const place = (name: string): string => `test/lab/conformance/cases/${name}.ts`;

/** All modules there are now. One without a case is a mistake: the suite has to grow with the modules. */
export async function loadSubjects(): Promise<Subjects> {
  const registry = createRegistry();
  const subjects: Subject[] = [];
  const mistakes: string[] = [];
  const known = new Set<string>();
  for (const name of registry.names()) {
    const module = await registry.get(name).catch((error: unknown) => void mistakes.push(String(error)));
    if (module === undefined) continue;
    known.add(name);
    const subject = await subjectOf(name, module);
    if (subject === undefined)
      mistakes.push(`the ${module.kind} ${name} has no conformance case: add it to ${place(name)}`);
    else subjects.push(subject);
  }
  const files = readdirSync(folder).map((file) => file.replace(/\.ts$/, ''));
  mistakes.push(...files.filter((name) => !known.has(name)).map((name) => `${place(name)} is of no module`));
  mistakes.push(...subjects.flatMap(mistakesOf));
  return { subjects, mistakes };
}

/** The examples that run in the lab, with what is said of them. */
export function trialsOf(subject: Subject): readonly Trial[] {
  return subject.examples.flatMap((example): readonly Trial[] => {
    const table = subject.table.examples[example.title];
    if (table === undefined) return [];
    if ('gives' in table) return [{ subject, example, table }];
    return subject.kind === 'module' ? [{ subject, example, table }] : [];
  });
}

export const isActionTrial = (trial: Trial): trial is ActionTrial => 'gives' in trial.table;

async function subjectOf(name: string, module: AnyModule): Promise<Subject | undefined> {
  const examples = module.examples as readonly Example[];
  const table = await loadCase(name);
  if (table === undefined) return undefined;
  return module.kind === 'action'
    ? { kind: module.kind, name, module, examples, table: table as ActionModuleCase }
    : { kind: module.kind, name, module, examples, table: table as ModuleCase };
}

// Against files made for it, what needs a virtual machine can run here as well.
function mistakesOf({ kind, name, examples, table }: Subject): readonly string[] {
  const told = Object.keys(table.examples);
  const recorded = kind === 'module' && table.recorded !== undefined;
  const here = examples.filter(({ needs }) => needs === undefined || recorded);
  const titles = new Set(here.map(({ title }) => title));
  const due = here.filter(({ needs, title }) => needs === undefined && !told.includes(title));
  // Cases written by others may lag behind the type.
  const keys = kind === 'module' ? ['reboot', 'refuses'] : ['refuses'];
  const states = kind === 'action' ? told.filter((title) => !('gives' in (table.examples[title] ?? {}))) : [];
  return [
    ...keys.filter((key) => !(key in table)).map((key) => `${place(name)} lacks ${key}`),
    ...due.map(({ title }) => `${place(name)} lacks the example "${title}"`),
    ...told.filter((title) => !titles.has(title)).map((title) => `${place(name)}: no example for the lab "${title}"`),
    ...states.map((title) => `${place(name)}: "${title}" does not say what it gives`),
  ];
}

async function loadCase(name: string): Promise<ModuleCase | ActionModuleCase | undefined> {
  const file = `${folder}${name}.ts`;
  if (!existsSync(file)) return undefined;
  const exported = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as {
    readonly default: ModuleCase | ActionModuleCase;
  };
  return exported.default;
}
