import { dump } from 'js-yaml';
import type { AnyModule } from '../../sdk/index.ts';

interface ModuleExample {
  readonly title: string;
  readonly params: unknown;
  readonly needs?: string | undefined;
}

export const examplesOf = (module: AnyModule): readonly ModuleExample[] => module.examples as readonly ModuleExample[];

/** An example as a task of a playbook. */
export function exampleYaml(name: string, { title, params }: ModuleExample): string {
  return dump([{ name: title, [name]: params }], { lineWidth: 100, noRefs: true }).trimEnd();
}
