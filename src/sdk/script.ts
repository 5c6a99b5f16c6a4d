declare const scriptBrand: unique symbol;

/**
 * Shell text that stands in the source code, never built from values. What it works on arrives as positional
 * parameters (`"$1"`), so that nothing a parameter holds can become a command.
 */
export type Script = string & { readonly [scriptBrand]: true };

/**
 * Writes a constant snippet of POSIX sh: sh`cat "$1"`. It takes no interpolation, by type. Backslashes are kept as
 * written, except before `${` and a backtick, where TypeScript needs one: sh`echo "\${1%%/*}"`.
 */
export function sh(text: TemplateStringsArray): Script {
  return (text.raw[0] ?? '').trim().replace(/\\(\$\{|`)/g, '$1') as Script;
}
