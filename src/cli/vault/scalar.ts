/** An encrypted text as a value in YAML, after the name of a variable where one is given. */
export function vaultScalar(sealed: string, name: string | undefined): string {
  const lines = sealed.trimEnd().split('\n');
  const indent = ' '.repeat(name === undefined ? 2 : 4);
  const head = name === undefined ? '!vault |' : `${name}: !vault |`;
  return [head, ...lines.map((line) => `${indent}${line}`)].join('\n');
}
