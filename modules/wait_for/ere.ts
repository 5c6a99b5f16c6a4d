/**
 * A regular expression for grep -E, which every host has: \d and its like are rewritten, groups that do not capture
 * become plain ones. @returns an error text for what POSIX cannot say
 */
export function toEre(pattern: string): { readonly ere: string } | { readonly problem: string } {
  const beyond = /\(\?(?!:)|[*+?}][?+]|\\[bBAZzGKpPkgQE1-9]/.exec(pattern.replaceAll('\\\\', '  '));
  if (beyond !== null)
    return { problem: `"${beyond[0]}" is not known to grep -E, which looks for the expression on the host` };
  if (/[\n\0]/.test(pattern)) return { problem: 'an expression is one line: it is looked for in each line' };
  let inClass = false;
  const ere = pattern.replace(/\\[\s\S]|\[\^?\]?|\]|\(\?:/g, (token) => {
    const known = classes[token];
    if (known !== undefined) return inClass ? known.inside : known.outside;
    if (token === '(?:') return inClass ? token : '(';
    if (token === ']') inClass = false;
    else if (token.startsWith('[')) inClass = true;
    return token;
  });
  return { ere };
}

const known = (inside: string) => ({ inside, outside: `[${inside}]` });
const negated = (inside: string) => ({ inside: '', outside: `[^${inside}]` });
const classes: Readonly<Record<string, { readonly inside: string; readonly outside: string }>> = {
  '\\d': known('0-9'),
  '\\w': known('[:alnum:]_'),
  '\\s': known('[:space:]'),
  '\\D': negated('0-9'),
  '\\W': negated('[:alnum:]_'),
  '\\S': negated('[:space:]'),
};
