import { suggest } from '../util/suggest.ts';
import { functionNames } from './cel-environment.ts';

/** cel-js's complaint in the user's words, with the remedy. */
export interface Explained {
  readonly message: string;
  readonly hint: string | undefined;
}

/** @param rest the source from the place of the error on */
export function explainCel(code: string, summary: string, source: string, start: number): Explained {
  const jinja = jinjaHint(source, start);
  switch (code) {
    case 'no_matching_overload':
      return overload(summary);
    case 'no_such_overload': {
      const types = /overload: (.*)$/.exec(summary)?.[1] ?? '';
      return { message: `${readable(types)} is not defined`, hint: operandHint(types) };
    }
    case 'index_out_of_bounds': {
      const [, index = '', size] = /index (-?\d+) (?:>= size (\d+))?/.exec(summary) ?? [];
      return {
        message: `there is no item ${index}${size === undefined ? '' : `: the list has ${size}`}`,
        hint: 'items count from 0; use default(list[0], value) where it may be missing',
      };
    }
    case 'reserved_identifier':
      return {
        message: `"${word(summary)}" is a reserved word of the expression language`,
        hint: jinja ?? 'rename the variable',
      };
    case 'unterminated_string':
      return { message: 'a text is not closed', hint: 'add the closing quote' };
    case 'unexpected_token':
      if (summary.endsWith('EOF'))
        return source.trim() === ''
          ? { message: 'the expression is empty', hint: 'write a CEL expression' }
          : { message: 'the expression ends too early', hint: 'an operand or a closing bracket is missing' };
      return { message: lower(summary), hint: jinja };
    case 'invalid_logical_operand':
    case 'invalid_condition_type':
      return { message: lower(readable(summary)), hint: 'compare it, for example: size(x) > 0, x != "", x == true' };
    case 'invalid_macro_argument':
      return {
        message: lower(summary),
        hint: summary.startsWith('has()')
          ? 'write defined(x) for a variable; has() asks for a member: has(x.y)'
          : undefined,
      };
    default:
      return { message: lower(readable(summary)), hint: jinja };
  }
}

function overload(summary: string): Explained {
  const [, receiver, name = '', args = ''] = /'(?:([\w.<>, ]+)\.)?(\w+)\((.*)\)'/.exec(summary) ?? [];
  if (!functionNames.includes(name)) {
    const near = suggest(name, functionNames);
    return {
      message: `unknown function "${name}"`,
      hint: near === undefined ? 'see "kvmnet doc expressions" for the functions' : `did you mean "${near}"?`,
    };
  }
  const on = receiver === undefined ? '' : ` of ${readable(receiver)}`;
  return {
    message: `"${name}"${on} does not take (${readable(args)})`,
    hint: 'see "kvmnet doc expressions" for its arguments',
  };
}

/** What people write who come from Ansible's Jinja. */
function jinjaHint(source: string, start: number): string | undefined {
  const around = source.slice(Math.max(0, start - 5), start + 8);
  if (/\{\{|\}\}/.test(around)) return 'an expression stands without {{ }}';
  if (/\band\b/.test(around)) return 'write && for "and"';
  if (/\bor\b/.test(around)) return 'write || for "or"';
  if (/\bnot\b/.test(around)) return 'write ! for "not"';
  if (/\bis\b/.test(around)) return 'write defined(x) for "x is defined"';
  if (/\|/.test(around)) return 'filters with | are Jinja: call a function, for example default(x, 1)';
  if (/(?:^|[^=!<>])=(?:[^=]|$)/.test(around)) return 'write == to compare';
  return undefined;
}

function operandHint(types: string): string | undefined {
  if (/string/.test(types) && /\b(?:int|double)\b/.test(types))
    return 'convert one of them: int(x), double(x) or string(x)';
  return undefined;
}

const NAMES: Readonly<Record<string, string>> = {
  int: 'integer',
  double: 'number',
  string: 'text',
  bool: 'boolean',
  list: 'list',
  map: 'mapping',
  dyn: 'anything',
};

const readable = (types: string): string =>
  types
    .replaceAll(/dyn<(\w+)>/g, '$1')
    .replaceAll(/\b(list|map)(?:<[^()]*?>+)/g, '$1')
    .replaceAll(/\b(int|double|string|bool|list|map|dyn)\b(?!\()/g, (name) => NAMES[name] ?? name);

const word = (summary: string): string => summary.split(': ').at(-1) ?? '';
const lower = (summary: string): string => summary.charAt(0).toLowerCase() + summary.slice(1);
