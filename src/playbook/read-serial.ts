import type { YamlNode } from '../lang/index.ts';
import type { LoadContext } from './context.ts';
import { describeNode } from './describe-node.ts';
import type { Fields } from './fields.ts';
import type { Serial } from './model.ts';

/** How many hosts at a time: a number, a percentage, or a list of them, of which the last one repeats. */
export function readSerial(context: LoadContext, fields: Fields): readonly Serial[] {
  const node = fields.fixed('serial');
  if (node === undefined) return [];
  return (node.kind === 'sequence' ? node.items : [node]).flatMap((item) => {
    const serial = serialOf(item);
    if (serial === undefined)
      context.mistake(
        item.at,
        `serial: expected a number of hosts or a percentage, not ${describeNode(item)}`,
        'for example 5 or 50%',
      );
    return serial ?? [];
  });
}

function serialOf(node: YamlNode): Serial | undefined {
  if (node.kind !== 'scalar') return undefined;
  const [, digits, percent] = /^([0-9]+)(%?)$/.exec(node.text) ?? [];
  const value = Number(digits);
  if (digits === undefined || value < 1 || (percent === '%' && value > 100)) return undefined;
  return percent === '%' ? `${value}%` : value;
}
