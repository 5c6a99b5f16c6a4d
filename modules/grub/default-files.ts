import { groupOf, readToken, splitCmdline, writeToken, type Token } from './tokens.ts';

/** The drop-in that is wholly ours, on systems whose grub-mkconfig reads /etc/default/grub.d (Debian's). */
export const dropIn = '/etc/default/grub.d/99-kvmnet.cfg';
export const defaults = '/etc/default/grub';
export const kernelCmdline = '/etc/kernel/cmdline';

// NAME="…", NAME='…' or NAME=word, on one line; what else shell can do is left alone.
const assignment =
  /^(\s*(?:export\s+)?(GRUB_CMDLINE_LINUX(?:_DEFAULT)?)=)("(?:[^"\\]|\\.)*"|'[^']*'|[^\s"'#;&|]*)(\s*(?:#.*)?)$/;

/** Takes the arguments of some groups out of a file of shell assignments, wherever they stand. */
export function withoutGroups(text: string, groups: ReadonlySet<string>): string {
  return text
    .split('\n')
    .map((line) => {
      const [, head, , raw, tail = ''] = assignment.exec(line) ?? [];
      if (head === undefined || raw === undefined) return line;
      const { quote, body } = unquote(raw);
      const words = splitBody(body);
      const kept = words.filter(({ word }) => !groups.has(groupOf(tokenOf(word).key)));
      if (kept.length === words.length) return line;
      return `${head}${quote}${joinWords(kept)}${quote}${tail}`;
    })
    .join('\n');
}

/** Puts arguments behind those of GRUB_CMDLINE_LINUX in its last assignment; adds one where there is none. */
export function withTokens(text: string, tokens: readonly Token[]): string {
  if (tokens.length === 0) return text;
  const lines = text.split('\n');
  const at = lines.findLastIndex((line) => assignment.exec(line)?.[2] === 'GRUB_CMDLINE_LINUX');
  const words = escape(tokens.map(writeToken).join(' '));
  if (at === -1) return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}GRUB_CMDLINE_LINUX="${words}"\n`;
  const [, head = '', , raw = '', tail = ''] = lines[at]?.match(assignment) ?? [];
  const { quote, body } = unquote(raw);
  // In single quotes nothing can be escaped; our own words have no single quote in them.
  const more = quote === "'" ? tokens.map(writeToken).join(' ') : words;
  const mark = quote === '' ? '"' : quote;
  lines[at] = `${head}${mark}${body === '' ? '' : `${body.trimEnd()} `}${more}${mark}${tail}`;
  return lines.join('\n');
}

/** Arguments that the drop-in adds. */
export function readDropIn(text: string): readonly Token[] {
  const body = /^GRUB_CMDLINE_LINUX="\$GRUB_CMDLINE_LINUX ?((?:[^"\\]|\\.)*)"$/m.exec(text)?.[1] ?? '';
  return splitCmdline(body.replaceAll('\\"', '"'));
}

/** The drop-in with these arguments; null where it is not needed. */
export const writeDropIn = (tokens: readonly Token[]): string | null =>
  tokens.length === 0
    ? null
    : `# managed by kvmnet: kernel arguments\nGRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX ${escape(tokens.map(writeToken).join(' '))}"\n`;

const escape = (words: string): string => words.replaceAll('"', '\\"');

function unquote(raw: string): { readonly quote: string; readonly body: string } {
  const quote = raw.startsWith('"') || raw.startsWith("'") ? raw.charAt(0) : '';
  return { quote, body: quote === '' ? raw : raw.slice(1, -1) };
}

interface BodyWord {
  readonly space: string;
  readonly word: string;
}

// `\"` quotes inside of double quotes, `"` inside of single ones.
const splitBody = (body: string): readonly BodyWord[] =>
  [...body.matchAll(/(\s*)((?:\\?"[^"]*"|\\.|[^\s"\\])+)/g)].map(([, space = '', word = '']) => ({ space, word }));
const tokenOf = (word: string): Token => readToken(word.replaceAll(/\\?"/g, ''));
const joinWords = (words: readonly BodyWord[]): string =>
  words
    .map(({ space, word }) => space + word)
    .join('')
    .trimStart();
