import type { AnyModule } from '../../sdk/index.ts';
import { isObject } from '../../util/json.ts';
import { ownFlags } from '../settings/own-flags.ts';
import { adHocSettings } from '../settings/definitions.ts';
import { freeFlags, moduleFlags, type ModuleFlag } from './module-flags.ts';
import { shortFormOf } from './short-form.ts';

const plainWord = /^[\w@%+=:,./-]+$/;
const quote = (word: string): string => (plainWord.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

/** An example of a module on the command line. */
export function exampleCommand(module: AnyModule, { params }: { readonly params: unknown }): string {
  const entries = Object.entries(isObject(params) ? params : {});
  const [only] = entries;
  const start = `kvmnet ${module.name} PATTERN -i INVENTORY`;
  if (entries.length === 1 && only !== undefined && only[0] === shortFormOf(module) && typeof only[1] === 'string') {
    return `${start} -- ${quote(only[1])}`;
  }
  const taken = ownFlags(adHocSettings);
  const names = entries.map(([name]) => `--${name}`);
  const flags = [...moduleFlags(module, taken), ...freeFlags(module, names, taken)];
  const words = entries.flatMap(([name, value]) => {
    const flag = flags.find(({ parameter }) => parameter.name === name);
    return flag === undefined ? [] : flagWords(flag, value);
  });
  return [start, ...words.map(quote)].join(' ');
}

function flagWords({ flag, isSwitch }: ModuleFlag, value: unknown): readonly string[] {
  if (!isSwitch) return [flag, typeof value === 'string' ? value : JSON.stringify(value)];
  const on = value === true || (typeof value === 'string' && /^(?:yes|true|on)$/i.test(value));
  return [on ? flag : flag.replace(/^--/, '--no-')];
}
