/** Set by kvmnet itself, stronger than everything else. */
const MAGIC: ReadonlySet<string> = new Set([
  'inventory_hostname',
  'inventory_hostname_short',
  'group_names',
  'groups',
  'hostvars',
  'facts',
  'check_mode',
]);

interface Problem {
  readonly message: string;
  readonly hint: string;
}

/** Why a name cannot be that of a variable. */
export function variableNameProblem(name: string): Problem | undefined {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    return {
      message: `"${name}" cannot be the name of a variable`,
      hint: 'use letters, digits and _, and no digit in front',
    };
  if (MAGIC.has(name)) return { message: `"${name}" is set by kvmnet itself`, hint: 'choose another name' };
  return undefined;
}
