import { KvmnetError } from '../util/errors.ts';
import { quote } from './sh-quote.ts';
import type { Part, RequestOptions } from './types.ts';

/**
 * The text of one request. It is one compound command: a shell runs it when it has read all of it, or never. Parts
 * stand in it as quoted strings for `eval`, so that a syntax error in one of them ends that part and not the shell,
 * and no part can close the compound command.
 *
 * Marks (on stdout and, without numbers, on stderr): `b PID` begin, with the pid of the control shell; `e STATUS` end of a part; `s` part
 * left out; `x STATUS GUARD` the request was ended from outside, with the exit status of the guard.
 */
export function requestScript(token: string, parts: readonly Part[], options: RequestOptions): string {
  const lines = ['{'];
  const { timeout } = options;
  if (timeout !== undefined) {
    const seconds = timeoutSeconds(timeout);
    lines.push(`( __kn_guard ${seconds} ${Math.ceil(timeout)} ) </dev/null >/dev/null 2>&1 9>&- & __kn_w=$!`);
  } else {
    lines.push('__kn_w=');
  }
  lines.push('(');
  lines.push(`echo ${token} b $$; echo ${token} b >&9`);
  lines.push(...exports(options.environment ?? {}));
  lines.push('__kn_f= __kn_n=');
  let gated = false;
  for (const part of parts) {
    lines.push(partLine(token, part, gated));
    gated ||= part.gate === true;
  }
  // Not `( … ) || …`: left of `||`, `set -e` in a part would have no effect.
  lines.push(': ) </dev/null', '__kn_c=$?', 'if [ $__kn_c != 0 ]; then');
  lines.push('__kn_g=0; [ -z "$__kn_w" ] || { kill "$__kn_w"; wait "$__kn_w"; __kn_g=$?; __kn_w=; }');
  lines.push(`echo ${token} x $__kn_c $__kn_g; echo ${token} x >&9`, 'fi');
  // After the last mark: the next request waits for this, the answer to this one does not.
  lines.push('[ -z "$__kn_w" ] || { kill "$__kn_w"; wait "$__kn_w"; }');
  lines.push('}', '');
  return lines.join('\n');
}

function partLine(token: string, part: Part, gated: boolean): string {
  const run = `( eval ${quote(part.script)} ) </dev/null 2>&9 9>&-`;
  const end = (status: string): string => `echo ${token} e ${status}; echo ${token} e >&9`;
  const flags = [...(part.gate === true ? ['__kn_n=1'] : []), ...(part.when === 'ok' ? ['__kn_f=1'] : [])].join(' ');
  const ran =
    flags === '' ? `${run}; ${end('$?')}` : `${run}; __kn_c=$?; [ $__kn_c = 0 ] || ${flags}; ${end('$__kn_c')}`;
  const unless = `${gated ? '$__kn_n' : ''}${part.when === 'ok' ? '$__kn_f' : ''}`;
  if (unless === '') return ran;
  return `if [ -z "${unless}" ]; then ${ran}\nelse echo ${token} s; echo ${token} s >&9; fi`;
}

function exports(environment: Readonly<Record<string, string>>): string[] {
  return Object.entries(environment).map(([name, value]) => {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      throw new KvmnetError('params', `"${name}" cannot be the name of an environment variable`, {
        hint: 'use letters, digits and underscores',
      });
    }
    return `export ${name}=${quote(value)}`;
  });
}

function timeoutSeconds(timeout: number): string {
  if (!Number.isFinite(timeout) || timeout <= 0) {
    throw new KvmnetError('params', `a timeout must be a positive number of seconds, not ${timeout}`);
  }
  return timeout.toFixed(3).replace(/\.?0+$/, '');
}
