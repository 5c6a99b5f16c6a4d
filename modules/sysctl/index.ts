import {
  defineModule,
  missing,
  poke,
  refuse,
  remove,
  sha256Of,
  write,
  type Step,
  type Touches,
} from '../../src/sdk/index.ts';
import { readAtBoot, shadow } from './boot-order.ts';
import { keptIn, render } from './conf-file.ts';
import { keyPath, moduleOf } from './key.ts';
import { look, type Look } from './look.ts';
import { settingsOf, Sysctl } from './params.ts';

type Setting = {
  /** In the running kernel; null: it has no such key. */
  value: string | null;
  file: string | null;
  duplicates: number;
};
type State = {
  settings: { [key: string]: Setting };
  /** The file as it was read: never wanted, but what `steps` edits. */
  text: string | null;
};

export const sysctl = defineModule({
  name: 'sysctl',
  summary: 'Kernel parameters, now and at every boot',
  params: Sysctl,
  examples: [
    { title: 'Forward packets', params: { name: 'net.ipv4.ip_forward', value: 1 } },
    {
      title: 'Large socket buffers for tunnels',
      params: { settings: { 'net.core.rmem_max': 134217728, 'net.ipv4.tcp_rmem': '4096 65536 134217728' } },
      needs: 'vm',
    },
    {
      title: 'On a VLAN interface that is not there yet',
      params: { name: 'net.ipv4.conf.eth0/100.forwarding', value: 'yes', ignore_missing: true },
    },
    { title: 'Not kept any more', params: { name: 'net.ipv4.conf.all.rp_filter', state: 'absent' } },
  ],
  probes: (p) => {
    const paths = [...settingsOf(p).keys()].map(keyPath);
    return { look: look(paths, p.file, [...new Set(paths.flatMap((path) => moduleOf(path) ?? []))]) };
  },
  state: ({ look }, p): State => ({
    settings: Object.fromEntries(
      [...settingsOf(p).keys()].map((key) => [
        key,
        { value: look.keys[key]?.value ?? null, ...keptIn(look.text, key) },
      ]),
    ),
    text: look.text,
  }),
  want: (p, now, { look }) => ({
    settings: Object.fromEntries(
      [...settingsOf(p)].map(([key, value]) => {
        if (value === null) return [key, { file: null, duplicates: 0 }];
        checkShadow(p, key, value, look);
        return [
          key,
          { value: wantValue(p, key, value, now?.settings[key]?.value ?? null, look), file: value, duplicates: 0 },
        ];
      }),
    ),
  }),
  steps: (from, to, p) => [...kernelSteps(from, to), ...fileSteps(from, to, p.file)],
  touches: (from, to) => touched(from, to),
  texts: ({ look }, p) => {
    const settings = Object.fromEntries(
      [...settingsOf(p)].map(([key, value]) => [key, { file: value, duplicates: 0 }]),
    );
    return [{ path: p.file, before: look.text ?? '', after: render(look.text, settings) ?? '' }];
  },
  warnings: (p, _, { look }) => {
    if (p.state === 'absent') return [];
    return [
      ...(readAtBoot(p.file, look) ? [] : [`${p.file} is not read at boot: use a file /etc/sysctl.d/*.conf`]),
      ...[...settingsOf(p).keys()].flatMap((key) => keyWarning(key, look)),
    ];
  },
});

function checkShadow(p: Sysctl, key: string, value: string, look: Look): void {
  const found = shadow(p.file, key, value, look);
  if (found === undefined) return;
  throw refuse(
    `${key} = ${value} in ${p.file} is shadowed by ${found.path}, which is read later and says ${found.value}`,
    `take it out there (sysctl: { name: ${key}, state: absent, file: ${found.path} }), or keep it in a file of a later name`,
  );
}

/** @returns undefined where the running kernel is left alone */
function wantValue(p: Sysctl, key: string, value: string, now: string | null, look: Look): string | undefined {
  if (!p.apply) return undefined;
  const seen = look.keys[key];
  if (seen === undefined) {
    if (p.ignore_missing) return undefined;
    const module = moduleOf(keyPath(key));
    const hint =
      module === undefined
        ? 'check its name; ignore_missing: true keeps it for later'
        : `load it first: kernel_module: { name: ${module} }`;
    throw missing(`this kernel has no ${key}`, hint);
  }
  if (now === null && !seen.readable) {
    throw refuse(`${key} can be written but not read`, 'it is a command rather than a setting: use command: sysctl -w');
  }
  if (now === value) return value;
  if (!seen.writable) {
    throw refuse(
      `${key} cannot be written on this host: it is ${now ?? 'without a value'}, and read-only`,
      'a container or network namespace may set only its own; apply: false keeps the value for the next boot only',
    );
  }
  const [have, given] = [now ?? '', value].map((text) => text.split(' '));
  if (have !== undefined && given !== undefined && given.length < have.length && [...have, ...given].every(isNumber)) {
    throw refuse(
      `${key} holds ${have.length} numbers (${now}), and ${given.length} ${given.length === 1 ? 'is' : 'are'} given`,
      'give all of them: the kernel would keep the others as they are',
    );
  }
  return value;
}

const isNumber = (text: string): boolean => /^-?\d+$/.test(text);

/** The kernel first: a value that it refuses must not be kept. */
function kernelSteps(from: State | null, to: State | null): Step[] {
  return Object.entries(to?.settings ?? {}).flatMap(([key, { value }]) =>
    value === null || value === from?.settings[key]?.value ? [] : [poke(`/proc/sys/${keyPath(key)}`, value)],
  );
}

function fileSteps(from: State | null, to: State | null, file: string): Step[] {
  const [before, after] = [from, to].map((state) => render(state?.text ?? null, state?.settings ?? {}));
  if (before === after) return [];
  if (after === undefined || after === null) return [remove(file)];
  return [write(file, after, { expect: before === undefined || before === null ? null : sha256Of(before) })];
}

/** What may cut an interface off from the world. */
function touched(from: State | null, to: State | null): Touches | 'none' {
  const changed = Object.entries(to?.settings ?? {}).flatMap(([key, { value }]) =>
    value !== null && value !== from?.settings[key]?.value ? [keyPath(key)] : [],
  );
  const devices = changed.flatMap((path) => {
    const [, family = '', device = '', key = ''] = /^net\/(ipv[46])\/conf\/([^/]+)\/([^/]+)$/.exec(path) ?? [];
    return device !== 'default' && reaching[family]?.test(key) === true ? [device] : [];
  });
  const general = changed.some((path) => everywhere.test(path));
  if (devices.length === 0 && !general) return 'none';
  const [four, six] = [4, 6].map((family) => changed.every((path) => path.startsWith(`net/ipv${family}/`)));
  return {
    links: [
      ...new Set([...devices.filter((name) => name !== 'all'), ...(general || devices.includes('all') ? ['*'] : [])]),
    ],
    ...(four === true ? { families: [4] } : six === true ? { families: [6] } : {}),
  };
}

/** Settings of one interface, or of all, that decide which packets it takes and whom it answers. */
const reaching: Readonly<Record<string, RegExp>> = {
  ipv4: /^(rp_filter|arp_ignore|arp_filter|arp_announce|accept_local|disable_policy|disable_xfrm)$/,
  // A host that forwards takes no router advertisements, and loses the routes that it has from them.
  ipv6: /^(disable_ipv6|forwarding|accept_ra.*|autoconf|addr_gen_mode|accept_dad|disable_policy)$/,
};

/** Those of the whole host. */
const everywhere =
  /^net\/(netfilter\/nf_conntrack_(max|tcp_loose|tcp_be_liberal)|nf_conntrack_max|bridge\/bridge-nf-.*)$/;

function keyWarning(key: string, look: Look): readonly string[] {
  const module = moduleOf(keyPath(key));
  if (module !== undefined && !look.modules.includes(module)) {
    return [
      `${key} is there only while ${module} is loaded, and nothing loads it at boot: kernel_module: { name: ${module} }`,
    ];
  }
  return look.keys[key] === undefined ? [`${key} is not there yet: it takes effect at the first boot that has it`] : [];
}
