import type { YAMLException } from 'js-yaml';
import { KvmnetError } from '../util/errors.ts';
import type { SourceText } from './source-text.ts';

/** The parser's complaint in the user's words: what stands there, and what to do about it. */
export function explainSyntax(error: YAMLException, source: SourceText): KvmnetError {
  const at = source.locate(error.mark?.position ?? 0);
  const line = at.text ?? '';
  const rest = line.slice(at.column - 1);
  const [message, hint] = explain(error.reason, line, rest);
  return new KvmnetError('playbook', `YAML: ${message}`, { at, hint, cause: error });
}

function explain(reason: string, line: string, rest: string): readonly [string, string | undefined] {
  if (/deficient indentation/.test(reason) && line === '')
    return [
      'the file ends inside of a list, a mapping or a quoted text',
      'close what was opened above: a quote, ] or }',
    ];
  if (/deficient indentation/.test(reason))
    return ['this line is indented too little', 'or a list, mapping or text that begins above it is not closed'];
  if (/tab characters/.test(reason)) return ['a tab in the indentation', 'indent with spaces'];
  if (/double quoted scalar/.test(reason)) return ['a text in double quotes is not closed', 'add the closing "'];
  if (/single quoted scalar/.test(reason)) return ['a text in single quotes is not closed', "add the closing '"];
  if (/flow collection/.test(reason) && /unexpected end/.test(reason))
    return ['a list or mapping in brackets is not closed', 'add the closing ] or }'];
  if (/non-printable/.test(reason))
    return ['a character that YAML does not allow', 'write it as an escape in double quotes'];
  if (/^[@`%]/.test(rest)) return [`a value cannot begin with ${rest[0] ?? ''}`, 'put it into quotes'];
  if (/^\s*(?:- )?\s*(?:when|until|changed_when|failed_when|that):\s*["']/.test(line))
    return ['text behind the closing quote', `put the whole expression into quotes of the other kind, or behind "|"`];
  if (/bad indentation/.test(reason)) {
    if (/:\s+[^'"|>[{][^#]*:\s/.test(`${line} `)) return [reason, 'put a value that holds ": " into quotes'];
    if (/'/.test(line) && rest !== '' && !/^\s/.test(rest)) return [reason, "inside single quotes write ' twice"];
    return [reason, 'keys of one mapping begin in the same column'];
  }
  if (/end of the stream or a document separator/.test(reason))
    return [
      'this does not continue what stands above it',
      'check the indentation, and that each key is followed by ": "',
    ];
  return [reason, undefined];
}
