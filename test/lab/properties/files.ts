import fc from 'fast-check';
import { anyText, chance, flag, maybe, orAbsent, params, type Slot } from './slot.ts';

export const filesSetup = `mkdir -p /srv; printf 'one\\ntwo=2\\nthree\\n' >/srv/lines; printf 'a\\r\\nb\\r\\n' >/srv/dos; printf 'no end' >/srv/block`;

const mode = chance(['0644', '0600', '1755', 'u=rw,go=r', 'a+x']);
const owner = chance(['root', 'nobody', '0', 'daemon']);
const text = fc.array(anyText({ max: 30 }), { maxLength: 5 }).map((lines) => lines.join('\n'));
const attributes = { mode: maybe(mode), owner: maybe(owner), group: maybe(chance(['root', 'adm', '0'])) };

const place = fc.oneof(
  params({ path: fc.constant('/srv/thing'), state: fc.constant('directory'), ...attributes }),
  params({ path: fc.constant("/srv/it's a $(thing) *"), state: fc.constant('directory'), ...attributes }),
  params({
    path: fc.constant('/srv/link'),
    state: fc.constant('link'),
    src: chance(['thing', '/etc/hosts', '../nowhere']),
    force: fc.constant(true),
  }),
  params({ path: chance(['/srv/thing', '/srv/link', '/srv/never']), state: fc.constant('absent') }),
  params({ path: fc.constant('/srv/lines'), ...attributes, state: fc.constant('file') }),
);

const line = fc.oneof(
  params({
    path: fc.constant('/srv/lines'),
    regexp: fc.constant('^two='),
    line: anyText().map((value) => `two=${value}`),
    firstmatch: maybe(flag()),
  }),
  params({
    path: fc.constant('/srv/lines'),
    line: anyText({ min: 1 }),
    insertafter: maybe(chance(['EOF', '^one', 'nothing like it'])),
  }),
  params({ path: fc.constant('/srv/dos'), line: anyText({ min: 1 }), insertbefore: maybe(chance(['BOF', '^b'])) }),
  params({ path: fc.constant('/srv/dos'), regexp: fc.constant('^x'), state: fc.constant('absent') }),
);

const block = params({
  path: chance(['/srv/block', '/srv/new']),
  block: text,
  marker: maybe(chance(['# {mark} ours', "<!-- {mark} 'it' $& -->"])),
  insertafter: maybe(chance(['EOF', '^no'])),
  append_newline: maybe(flag()),
  prepend_newline: maybe(flag()),
  create: fc.constant(true),
  mode: maybe(mode),
});

export const fileSlots: readonly Slot[] = [
  { module: 'file', params: place },
  {
    module: 'copy',
    params: params({ dest: chance(['/srv/copy', '/srv/copy 2']), content: text, ...attributes, backup: maybe(flag()) }),
  },
  {
    module: 'copy',
    params: params({
      dest: fc.constant('/srv/json'),
      content: fc.dictionary(anyText({ min: 1 }), fc.oneof(anyText(), fc.integer(), fc.boolean())),
    }),
  },
  {
    module: 'template',
    params: params({
      src: fc.constant('template.hbs'),
      dest: fc.constant('/srv/rendered'),
      mode: maybe(mode),
      newline_sequence: maybe(chance(['\n', '\r\n'])),
    }),
  },
  { module: 'line_in_file', params: line },
  { module: 'block_in_file', params: block },
  {
    module: 'kernel_module',
    params: fc.oneof(
      fc.record({ name: chance(['nouveau', 'pcspkr-x']), state: fc.constant('absent'), blacklist: flag() }),
      fc.record({ name: fc.constant('nouveau'), state: fc.constant('absent') }),
    ),
  },
];

const second = orAbsent(
  fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 60 })).chain(([hello, more]) =>
    params({
      router_id: maybe(chance(['10.255.0.1', '10.255.0.2', null])),
      networks: maybe(
        fc.subarray([
          { prefix: '192.168.1.5/24', area: 0 },
          { prefix: '192.168.2.0/24', area: '0.0.0.1' },
          { prefix: '10.0.0.0/9', area: 5 },
          { prefix: '10.200.0.1/32', area: '4294967295' },
        ]),
      ),
      interfaces: maybe(
        fc.record({
          p6: params({
            cost: maybe(chance([1, 100, null])),
            hello: fc.constant(hello),
            dead: fc.constant(hello + more),
            priority: maybe(chance([0, 255, null])),
            passive: maybe(flag()),
            network_type: maybe(chance(['point-to-point', 'broadcast', null])),
            mtu_ignore: maybe(flag()),
            auth: maybe(
              chance([{ type: 'md5', key: 's3cr3t!$', key_id: 7 }, { type: 'text', key: 'abc' }, { type: 'none' }]),
            ),
          }),
        }),
      ),
      areas: maybe(
        chance([
          { 1: { type: 'stub', no_summary: true } },
          { '0.0.0.1': { type: 'nssa' } },
          { 1: {} },
          { 5: { authentication: 'md5' } },
        ]),
      ),
      redistribute: maybe(chance([[], ['connected'], [{ from: 'static', metric: 10, metric_type: 1 }, 'kernel']])),
      passive_default: maybe(flag()),
      log: maybe(chance(['off', 'changes', 'detail'])),
    }),
  ),
  {},
);

/** FRR as a host without systemd has it. */
export const routingSetup = `export VTYSH_HISTFILE=/dev/null; echo 1 >/proc/sys/net/ipv4/ip_forward
mkdir -p /run/frr /var/log/frr /var/tmp/frr; chown frr:frr /run/frr /var/log/frr /var/tmp/frr
sed -i s/^ospfd=no/ospfd=yes/ /etc/frr/daemons
for d in zebra ospfd; do /usr/lib/frr/$d -d -A 127.0.0.1 2>/dev/null; done
n=0; until vtysh -d ospfd -c 'show running-config' >/dev/null 2>&1; do n=$((n+1)); [ $n -lt 200 ]; sleep 0.1; done`;

export const routingSlots: readonly Slot[] = [{ module: 'ospfd', params: second }];
