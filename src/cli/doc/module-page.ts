import type { AnyModule } from '../../sdk/index.ts';
import { describeParameters, type Parameter } from '../parameters/describe-parameters.ts';
import { exampleCommand } from '../parameters/example-command.ts';
import { isSwitch } from '../parameters/json-schema.ts';
import { examplesOf, exampleYaml } from './example-text.ts';

/** What there is to say about a module, whatever it is written in. */
export interface ModulePage {
  readonly name: string;
  readonly summary: string;
  /** One sentence each. */
  readonly remarks: readonly string[];
  readonly parameters: readonly ParameterRow[];
  readonly examples: readonly { readonly title: string; readonly yaml: string; readonly needs: string | undefined }[];
  /** The first example on the command line. */
  readonly command: string | undefined;
}

export interface ParameterRow {
  /** 0 for a parameter, 1 for a field of it, … */
  readonly depth: number;
  readonly name: string;
  readonly type: string;
  readonly defaultText: string;
  readonly required: boolean;
  readonly description: string;
}

export function modulePage(module: AnyModule): ModulePage {
  const examples = examplesOf(module);
  const [first] = examples;
  return {
    name: module.name,
    summary: module.summary,
    remarks: remarksOf(module),
    parameters: rows(describeParameters(module.params), 0),
    examples: examples.map((example) => ({
      title: example.title,
      yaml: exampleYaml(module.name, example),
      needs: example.needs,
    })),
    command: first === undefined ? undefined : exampleCommand(module, first),
  };
}

function remarksOf(module: AnyModule): readonly string[] {
  if (module.kind === 'module') {
    return [
      'Idempotent: says what should be, and changes only what is not so.',
      ...(module.requires === undefined ? [] : [`Needs on the host: ${module.requires}.`]),
      ...(module.unproved === undefined
        ? []
        : [`Unproved, as tests know it from written or recorded files only: ${module.unproved}.`]),
    ];
  }
  return [
    module.effect === 'none' ? 'An action: it changes nothing on the host.' : 'An action: it may change the host.',
    `In check mode ${module.inCheckMode ?? (module.effect === 'none' ? 'it runs as ever' : 'it says that it would run')}.`,
    ...(module.where === 'controller' ? ['It runs on the controller; no connection is made for it.'] : []),
    ...(module.shortForm === undefined ? [] : [`A bare value stands for the parameter ${module.shortForm}.`]),
    ...(module.expressions === undefined ? [] : [`Expressions (CEL): ${module.expressions.join(', ')}.`]),
  ];
}

const rows = (parameters: readonly Parameter[], depth: number): readonly ParameterRow[] =>
  parameters.flatMap((parameter) => [
    {
      depth,
      name: parameter.name,
      type: parameter.type,
      defaultText: defaultText(parameter),
      required: parameter.required,
      description: parameter.description,
    },
    ...rows(parameter.fields, depth + 1),
  ]);

function defaultText({ defaultValue, schema }: Parameter): string {
  if (defaultValue === undefined) return '';
  if (isSwitch(schema)) return defaultValue === true ? 'yes' : 'no';
  return typeof defaultValue === 'string' ? defaultValue : JSON.stringify(defaultValue);
}
