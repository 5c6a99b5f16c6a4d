import { MASK as mask } from '../../util/secrets.ts';
import { isSecretName } from '../secret-names.ts';

/**
 * A command line without what its words call a secret: `--password X`, `--password=X`, `name=X` and `"name": "X"` in extra
 * variables, and the same, passwords of addresses and tokens of HTTP inside of an ad-hoc command. Secrets that are known as
 * such are hidden wherever they stand, later.
 */
export function redactCommand(words: readonly string[]): string[] {
  return words.map((word, index) => {
    const flag = words[index - 1] ?? '';
    if (/^--[a-z]/.test(flag) && !flag.includes('=') && isSecretName(flag) && !word.startsWith('-')) return mask;
    const [, name = '', rest] = /^(--[\w-]+)=([^]*)$/.exec(word) ?? [];
    if (rest !== undefined && isSecretName(name)) return `${name}=${mask}`;
    return word
      .replace(/([\w-]+)=('[^']*'|"[^"]*"|\S+)/g, (whole, key: string) =>
        isSecretName(key) ? `${key}=${mask}` : whole,
      )
      .replace(
        /("?)([\w-]+)\1\s*:\s*("(?:[^"\\]|\\.)*"|'[^']*'|[^\s,}]+)/g,
        (whole: string, quote: string, key: string) =>
          isSecretName(key) ? `${quote}${key}${quote}: "${mask}"` : whole,
      )
      .replace(/(--[a-z][\w-]*)(\s+)('[^']*'|"[^"]*"|[^\s'"-]\S*)/g, (whole, name: string, space: string) =>
        isSecretName(name) ? `${name}${space}${mask}` : whole,
      )
      .replace(/\b(Bearer|Basic)(\s+)[\w.~+/-]{8,}=*/g, `$1$2${mask}`)
      .replace(/(:\/\/[^\s/:@]*:)[^\s/@]+@/g, `$1${mask}@`);
  });
}
