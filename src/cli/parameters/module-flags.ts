import { Option } from '@commander-js/extra-typings';
import { describeParameters, type Parameter } from './describe-parameters.ts';
import { choicesOf, inputSchema, isSwitch, typesOf } from './json-schema.ts';
import type { AnyModule } from '../../sdk/index.ts';

/** A parameter of a module as a flag of the command line. */
export interface ModuleFlag {
  readonly parameter: Parameter;
  /** `--num-vfs`; `--param-limit` where a flag of kvmnet's own has that name. */
  readonly flag: string;
  readonly isSwitch: boolean;
  /** May be given several times. */
  readonly repeatable: boolean;
}

/** @param taken - long flags that the command has anyway */
export function moduleFlags(module: AnyModule, taken: ReadonlySet<string>): readonly ModuleFlag[] {
  return describeParameters(module.params).map((parameter) => {
    const kebab = parameter.name.replaceAll('_', '-');
    const types = typesOf(parameter.schema);
    return {
      parameter,
      flag: taken.has(`--${kebab}`) || taken.has(`--no-${kebab}`) ? `--param-${kebab}` : `--${kebab}`,
      isSwitch: isSwitch(parameter.schema),
      repeatable: types.has('array') || types.has('object'),
    };
  });
}

/** The flags in `args` that stand for parameters of the user's own naming, where the module takes such. */
export function freeFlags(
  module: AnyModule,
  args: readonly string[],
  taken: ReadonlySet<string>,
): readonly ModuleFlag[] {
  const { additionalProperties, properties = {} } = inputSchema(module.params);
  if (additionalProperties === undefined || additionalProperties === false) return [];
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  const named = args.slice(0, end).flatMap((arg) => /^--([a-z]\w*)(?:=|$)/i.exec(arg)?.[1] ?? []);
  const free = named.filter((name) => !taken.has(`--${name}`) && !Object.hasOwn(properties, name));
  const schema = additionalProperties === true ? {} : additionalProperties;
  return [...new Set(free)].map((name) => ({
    parameter: {
      name,
      type: 'anything',
      required: false,
      defaultValue: undefined,
      description: '',
      schema,
      fields: [],
    },
    flag: `--${name}`,
    isSwitch: false,
    repeatable: false,
  }));
}

/** The options of commander for them; a switch has two. */
export function flagOptions(flags: readonly ModuleFlag[]): readonly Option[] {
  return flags.flatMap((moduleFlag): Option[] => {
    const { flag, isSwitch, parameter } = moduleFlag;
    const description = helpText(moduleFlag);
    if (!isSwitch) return [new Option(`${flag} <value>`, description).argParser(collect)];
    const off = new Option(flag.replace(/^--/, '--no-'), description);
    const on = new Option(flag, description);
    // The help names the one that makes a difference; the other one is taken all the same.
    return parameter.defaultValue === true ? [off, on.hideHelp()] : [on, off.hideHelp()];
  });
}

const collect = (value: string, before: unknown): string[] => [
  ...(Array.isArray(before) ? (before as string[]) : []),
  value,
];

function helpText({ parameter, repeatable, isSwitch }: ModuleFlag): string {
  const { description, type, defaultValue, required, schema } = parameter;
  const shownType = isSwitch || choicesOf(schema).length > 0 || type === 'text' ? [] : [type];
  const notes = [
    ...(required ? ['required'] : []),
    ...(choicesOf(schema).length > 0 ? [choicesOf(schema).join(', ')] : shownType),
    ...(repeatable
      ? [typesOf(schema).has('object') ? 'key=value or JSON, may be repeated' : 'may be repeated, or JSON']
      : []),
    ...(defaultValue === undefined || isSwitch ? [] : [`default: ${JSON.stringify(defaultValue)}`]),
  ];
  return `${description}${notes.length === 0 ? '' : ` (${notes.join('; ')})`}`.trim();
}
