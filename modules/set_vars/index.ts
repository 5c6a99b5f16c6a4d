import { z } from 'zod';
import { defineAction } from '../../src/sdk/index.ts';

// What kvmnet itself sets for every host: a variable of that name would be seen by no task, or by too many.
const own = new Set(['facts', 'groups', 'group_names', 'hostvars', 'inventory_hostname', 'item', 'omit', 'vars']);

const SetVars = z.looseObject({}).superRefine((values, ctx) => {
  const names = Object.keys(values);
  if (names.length === 0) ctx.addIssue({ code: 'custom', message: 'give at least one variable: name: value' });
  for (const name of names) {
    const problem = nameProblem(name);
    if (problem !== undefined) ctx.addIssue({ code: 'custom', path: [name], message: problem });
  }
});

function nameProblem(name: string): string | undefined {
  if (own.has(name)) return `${name} is set by kvmnet itself: choose another name`;
  if (/^[A-Za-z_]\w*$/.test(name)) return undefined;
  return `"${name}" cannot be the name of a variable: use letters, digits and underscores, a letter first`;
}

export const setVars = defineAction({
  name: 'set_vars',
  summary: 'Sets variables of the host for the tasks that follow',
  params: SetVars,
  where: 'controller',
  effect: 'none',
  examples: [
    { title: 'Two variables', params: { uplink: 'eth1', vnis: [100, 200] } },
    { title: 'From others', params: { uplink: '{{ facts.default_interface.ipv4.name }}' } },
  ],
  run: async (values, host) => {
    host.play.setVariables(values);
    return { changed: false, data: values };
  },
});
