import { z } from 'zod';
import { bool, expression, int } from '../../sdk/index.ts';
import type { ModuleLookup, ModuleSchema } from '../options.ts';

const schemas: readonly ModuleSchema[] = [
  {
    name: 'vxlan',
    params: z.strictObject({
      name: z.string().min(1).max(15),
      vni: int({ min: 0, max: 16777215 }),
      remotes: z.array(z.string()).optional(),
      learning: bool().optional(),
      mode: z.enum(['on', 'off', 'auto']).optional(),
      ttl: z.number().max(255).optional(),
      vfs: z.array(z.strictObject({ id: z.number(), mac: z.string() })).optional(),
      local: z.union([z.string(), z.null()]).optional(),
      settings: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
    }),
  },
  {
    name: 'command',
    params: z.strictObject({ cmd: z.string().optional(), chdir: z.string().optional() }),
    shortForm: 'cmd',
  },
  {
    name: 'copy',
    params: z
      .strictObject({ src: z.string().optional(), content: z.string().optional(), dest: z.string() })
      .superRefine((p, context) => {
        if ((p.src === undefined) === (p.content === undefined))
          context.addIssue({ code: 'custom', path: ['src'], message: 'give either src or content' });
      }),
  },
  { name: 'service', params: z.strictObject({ name: z.string(), state: z.string().optional() }) },
  { name: 'set_vars', params: z.looseObject({}) },
  {
    name: 'assert',
    params: z.strictObject({ that: z.union([expression(), z.array(expression())]), fail_msg: z.string().optional() }),
    shortForm: 'that',
    expressions: ['that'],
  },
  { name: 'reboot', params: z.strictObject({ force: bool().optional() }) },
  {
    name: 'debug',
    params: z.strictObject({ msg: z.unknown().optional(), var: expression().optional() }),
    shortForm: 'msg',
    expressions: ['var'],
  },
];

/** A handful of modules, each for a kind of parameter. */
export const modules: ModuleLookup = {
  names: () => schemas.map(({ name }) => name),
  get: (name) => Promise.resolve(schemas.find((schema) => schema.name === name)),
};
