import { z } from 'zod';
import { bool, ifname, inNetwork, int, ipAddress, network } from '../../src/sdk/index.ts';

/** Number of an area, from `0` or `0.0.0.0`. */
const area = () =>
  z
    .union([z.number(), z.string()], { error: 'an area is a number or looks like 0.0.0.1' })
    .transform((value, context): number => {
      const id = parseArea(String(value));
      if (!Number.isNaN(id)) return id;
      context.addIssue({
        code: 'custom',
        message: `${JSON.stringify(value)} is no area: write 0 to 4294967295, or 0.0.0.1`,
      });
      return z.NEVER;
    });

/** NaN where it is none. */
export function parseArea(text: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text) <= 4_294_967_295 ? Number(text) : NaN;
  const bytes = text.split('.').map(Number);
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(text) || bytes.some((byte) => byte > 255)) return NaN;
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0);
}

const word = (what: string) => z.string().regex(/^[\x21-\x7e]+$/, { error: `${what} is one word without spaces` });

const Network = z.strictObject({
  prefix: z
    .string()
    .regex(/\//, { error: 'a network is written with its prefix length: 192.168.1.0/24' })
    .pipe(network())
    .describe('addresses of interfaces that speak OSPF'),
  area: area().describe('area they are in: a number, or 0.0.0.1'),
});

const Auth = z.strictObject({
  type: z.enum(['none', 'text', 'md5']).describe('how neighbours prove who they are'),
  key: word('a key').optional().describe('the secret; at most 8 characters for text, 16 for md5'),
  key_id: int({ min: 1, max: 255, what: 'the number of a key' }).default(1).describe('number of the key, for md5'),
});

const seconds = (what: string) => int({ min: 1, max: 65_535, what });
const Interface = z.strictObject({
  area: area().nullable().optional().describe('area it is in, where no network statement is used'),
  cost: int({ min: 1, max: 65_535, what: 'a cost' }).nullable().optional().describe('cost of sending through it'),
  hello: seconds('seconds').nullable().optional().describe('seconds between hellos; the same on both ends'),
  dead: seconds('seconds').nullable().optional().describe('seconds until a silent neighbour is gone; above hello'),
  priority: int({ min: 0, max: 255 })
    .nullable()
    .optional()
    .describe('in the election of the designated router; 0: never'),
  passive: bool().optional().describe('announced, but without neighbours'),
  network_type: z
    .enum(['broadcast', 'non-broadcast', 'point-to-multipoint', 'point-to-point'])
    .nullable()
    .optional()
    .describe('kind of network'),
  mtu_ignore: bool().optional().describe('go on where the MTU of both ends differs'),
  auth: Auth.optional().describe('authentication of neighbours'),
});

const Area = z.strictObject({
  type: z.enum(['normal', 'stub', 'nssa']).default('normal').describe('kind of area'),
  no_summary: bool().default(false).describe('no routes of other areas but a default one (totally stubby)'),
  default_cost: int({ min: 0, max: 16_777_215 }).nullable().optional().describe('cost of the default route into it'),
  authentication: z.enum(['none', 'text', 'md5']).optional().describe('of all its interfaces'),
});

const Redistribute = z.strictObject({
  from: z
    .enum(['connected', 'static', 'kernel', 'bgp', 'rip', 'isis', 'eigrp', 'babel'])
    .describe('where routes come from'),
  metric: int({ min: 0, max: 16_777_214 }).optional().describe('metric they get'),
  metric_type: z
    .union([z.literal(1), z.literal(2)])
    .optional()
    .describe('1 or 2; default of the daemon: 2'),
  route_map: word('the name of a route map').optional().describe('route map that filters them'),
});

export const Ospfd = z
  .strictObject({
    router_id: ipAddress()
      .nullable()
      .optional()
      .describe('router id, written as an IPv4 address; null: chosen by the daemon'),
    networks: z.array(Network).optional().describe('networks that take part; others are taken out'),
    interfaces: z
      .record(z.string(), Interface)
      .default({})
      .describe('settings of interfaces, by name; others are left alone'),
    areas: z.record(z.string(), Area).default({}).describe('settings of areas, by number; others are left alone'),
    redistribute: z
      .array(
        z.union([Redistribute, Redistribute.shape.from.transform((from): z.output<typeof Redistribute> => ({ from }))]),
      )
      .optional()
      .describe(
        'routes of others that are announced: names, or { from, metric, metric_type, route_map }; others are taken out',
      ),
    passive_default: bool().optional().describe('all interfaces are passive that are not told otherwise'),
    log: z.enum(['off', 'changes', 'detail']).optional().describe('what is logged when neighbours come and go'),
    daemon: z
      .enum(['auto', 'frr', 'quagga'])
      .default('auto')
      .describe('whose ospfd; auto: FRR where it is, else Quagga'),
    state: z.enum(['present', 'absent']).default('present').describe('absent: no OSPF; the daemon goes on running'),
  })
  .superRefine((p, context) => {
    const complain = (path: readonly (string | number)[], message: string): void =>
      context.addIssue({ code: 'custom', path: [...path], message });
    const networks = p.networks ?? [];
    for (const [i, { prefix, area: id }] of networks.entries()) {
      if (prefix.includes(':')) complain(['networks', i], `${prefix} is IPv6: ospfd speaks IPv4 (OSPFv2)`);
      const twin = networks.slice(0, i).find((other) => overlap(prefix, other.prefix));
      if (twin?.prefix === prefix) complain(['networks', i], `${prefix} is named twice`);
      else if (twin !== undefined && twin.area !== id)
        complain(['networks', i], `${prefix} in area ${id} overlaps with ${twin.prefix} in area ${twin.area}`);
    }
    for (const [name, settings] of Object.entries(p.interfaces)) {
      const issue = ifname().safeParse(name).error?.issues[0];
      if (issue !== undefined) complain(['interfaces', name], issue.message);
      if (typeof settings.area === 'number' && networks.length > 0)
        complain(['interfaces', name], 'the daemon takes either networks or the area of interfaces, not both');
      const [hello, dead] = [settings.hello ?? 10, settings.dead ?? 40];
      if (hello >= dead) complain(['interfaces', name], `hello (${hello} s) must be below dead (${dead} s)`);
      const { type, key } = settings.auth ?? {};
      if (type !== undefined && (type === 'none') !== (key === undefined))
        complain(
          ['interfaces', name, 'auth'],
          type === 'none' ? 'no authentication has no key' : `${type} needs a key`,
        );
      if (key !== undefined && key.length > (type === 'text' ? 8 : 16))
        complain(['interfaces', name, 'auth'], `the key is too long: ${type === 'text' ? 8 : 16} characters are sent`);
    }
    const ids = Object.entries(p.areas).map(([text, { type, no_summary: none }]) => {
      const id = parseArea(text);
      if (Number.isNaN(id)) complain(['areas', text], `"${text}" is no area: write 0 to 4294967295, or 0.0.0.1`);
      if (id === 0 && type !== 'normal') complain(['areas', text], 'the backbone, area 0, cannot be a stub');
      if (none && type === 'normal') complain(['areas', text], 'no_summary goes with stub or nssa');
      return id;
    });
    if (new Set(ids).size < ids.length) complain(['areas'], 'an area is named twice');
    const kinds = (p.redistribute ?? []).map(({ from }) => from);
    if (new Set(kinds).size < kinds.length) complain(['redistribute'], 'a source of routes is named twice');
    if (typeof p.router_id === 'string' && p.router_id.includes(':'))
      complain(['router_id'], 'a router id is written as an IPv4 address');
  });
export type Ospfd = z.output<typeof Ospfd>;

/** What is no network has been complained of by itself. */
const overlap = (a: string, b: string): boolean =>
  [a, b].every((each) => network().safeParse(each).success) &&
  (inNetwork(a.replace(/\/.*/, ''), b) || inNetwork(b.replace(/\/.*/, ''), a));
