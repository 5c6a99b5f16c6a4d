import { describe, expect, it } from 'vitest';
import type { Step } from '../../src/sdk/index.ts';
import { messageOf } from '../../src/sdk/testing/message-of.ts';
import { ovsDpdk } from './index.ts';
import { parseMachine, type Machine } from './look.ts';
import { preflight } from './preflight.ts';
import { memory, startHash, type Goal, type State } from './state.ts';
import { dpdkSteps } from './steps.ts';

const parse = (params: object) => ovsDpdk.params.parse(params);

describe('parameters', () => {
  it.each(ovsDpdk.examples.map((example) => [example.title, example.params]))('example: %s', (_title, params) => {
    expect(ovsDpdk.params.safeParse(params).error).toBeUndefined();
  });
  it('become canonical: masks are sets', () => {
    expect(['0x6', '6', '06', 0x6].map((pmd_cpu_mask) => parse({ pmd_cpu_mask }).pmd_cpu_mask)).toEqual([
      '1-2',
      '1-2',
      '1-2',
      '1-2',
    ]);
    expect(
      parse({ pmd_cores: [3, '2'], init: 'yes', ports: [{ bridge: 'b', name: 'd', devargs: '05:00.0,x=1' }] }),
    ).toMatchObject({
      pmd_cores: '2-3',
      init: true,
      ports: [{ devargs: '0000:05:00.0,x=1' }],
    });
    expect(parse({ ports: [{ bridge: 'b', name: 'd', devargs: 'net_null0' }] }).ports[0]?.devargs).toBe('net_null0');
  });
  it.each([
    [{ cores: '0', lcore_mask: '1' }, 'give cores or lcore_mask, not both'],
    [{ pmd_cores: '0', pmd_cpu_mask: '1' }, 'give pmd_cores or pmd_cpu_mask, not both'],
    [{ pmd_cpu_mask: '0x0' }, 'the CPU mask is empty: name at least one CPU'],
    [{ vhost: [{ bridge: 'b', name: 'v' }] }, 'v needs path: the socket that QEMU makes'],
    [
      { vhost: [{ bridge: 'b', name: 'v', mode: 'server', path: '/x' }] },
      'v: in server mode the socket is vhost_sock_dir/v, leave path out',
    ],
    [
      {
        ports: [
          { bridge: 'b', name: 'd', devargs: 'x' },
          { bridge: 'b', name: 'd', devargs: 'y' },
        ],
      },
      'the port d is named twice',
    ],
    [
      { ports: [{ bridge: 'b', name: 'd', devargs: 'x', pmd_rxq_affinity: '0' }] },
      'write queue:core pairs, e.g. "0:2,1:3"',
    ],
    [
      { vhost_sock_dir: '/run/x' },
      'the folder of sockets is relative to the run folder of Open vSwitch: no / before it',
    ],
  ])('refuses %j', (params, message) => {
    expect(messageOf(ovsDpdk.params, params)).toBe(message);
  });
  it.each([
    ['1024', [1024]],
    ['1024,0', [1024]],
    ['0,1024', [0, 1024]],
    ['', null],
    [undefined, null],
  ])('memory %s', (text, list) => {
    expect(memory(text)).toEqual(list);
  });
});

const host = (text = ''): Machine =>
  parseMachine(`pid 77
version ovs-vswitchd (Open vSwitch) 3.1.0
version DPDK 22.11.4
online 0-7
node 0 0-3
free 0 2048 1024
free 0 1048576 1
node 1 4-7
free 1 2048 0
iommu
pci 0000:05:00.0 vfio-pci 0
pci 0000:06:00.0 mlx5_core 1 eth4
pci 0000:07:00.0 ixgbe 0 eth5
pci 0000:08:00.0 - -1
${text}`);

const state: State = {
  init: null,
  socket_mem: null,
  cores: null,
  pmd_cores: null,
  hugepage_dir: null,
  vhost_sock_dir: null,
  extra: null,
  initialized: false,
  restart_due: false,
  ports: {},
  links: ['br0'],
};

describe('before the first change', () => {
  const port = (devargs: string) => ({ ports: [{ bridge: 'br0', name: 'd0', devargs }] });
  const check =
    (params: object, goal: Goal = {}, machine = host(), now = state) =>
    () =>
      preflight(parse(params), machine, now, { ...now, ...goal });
  it('a host that has it all is taken', () => {
    expect(host()).toMatchObject({ pid: '77', dpdk: '22.11.4', iommu: true, unsafe: false });
    expect(check(port('05:00.0'), { socket_mem: [3072], cores: '0', pmd_cores: '2-3' })).not.toThrow();
    expect(check(port('06:00.0'), {})).not.toThrow();
    expect(check(port('net_null0'), {})).not.toThrow();
    // What the running one holds is free when it restarts.
    expect(
      check({}, { socket_mem: [0, 512] }, host(), { ...state, initialized: true, socket_mem: [0, 512] }),
    ).not.toThrow();
  });
  it('a node with memory only needs no core of its own, and one that holds nothing gives nothing back', () => {
    const more = host('node 2\nfree 2 2048 512\npci 0000:09:00.0 vfio-pci 2');
    expect(check(port('09:00.0'), { socket_mem: [0, 0, 512], pmd_cores: '4' }, more)).not.toThrow();
    const unlisted = host('pci 0000:09:00.0 vfio-pci 3');
    expect(check(port('09:00.0'), { pmd_cores: '4' }, unlisted)).not.toThrow();
    const now = { ...state, initialized: true, socket_mem: [512] };
    expect(check({}, { socket_mem: [512, 1] }, host(), now)).toThrow('NUMA node 1 has 0 MB of free huge pages');
  });
  it.each<[string, object, Goal, string]>([
    [
      'too little memory',
      {},
      { socket_mem: [4096] },
      'NUMA node 0 has 3072 MB of free huge pages, and socket_mem asks for 4096',
    ],
    [
      'none on the second node',
      {},
      { socket_mem: [0, 1] },
      'NUMA node 1 has 0 MB of free huge pages, and socket_mem asks for 1',
    ],
    [
      'no such node',
      {},
      { socket_mem: [0, 0, 1] },
      'socket_mem asks for 1 MB on NUMA node 2, which this host does not have',
    ],
    ['a core twice', {}, { cores: '1-2', pmd_cores: '2-3' }, 'core 2 is in pmd_cores and in cores'],
    ['a core that is not there', {}, { pmd_cores: '7-9' }, 'core 8, 9 is not online on this host'],
    ['no such device', port('09:00.0'), {}, 'd0: there is no PCI device 0000:09:00.0'],
    ['the driver of the kernel', port('07:00.0'), {}, 'd0: 0000:07:00.0 is bound to ixgbe, and DPDK needs vfio-pci'],
    ['no driver', port('08:00.0'), {}, 'd0: 0000:08:00.0 is bound to no driver, and DPDK needs vfio-pci'],
    [
      'cores of another node',
      port('05:00.0'),
      { pmd_cores: '4-5' },
      'd0: 0000:05:00.0 is on NUMA node 0, and no core of pmd_cores is',
    ],
    [
      'memory of another node',
      port('06:00.0'),
      { socket_mem: [512] },
      'd0: 0000:06:00.0 is on NUMA node 1, where socket_mem takes no memory',
    ],
  ])('%s', (_name, params, goal, message) => {
    expect(check(params, goal)).toThrow(message);
  });
  it('a build without DPDK, and a host without IOMMU', () => {
    const bare = (...without: RegExp[]): Machine => {
      const lines = `version DPDK 22.11\nonline 0-1\nnode 0 0-1\npci 0000:05:00.0 vfio-pci -1`.split('\n');
      return parseMachine(lines.filter((line) => !without.some((pattern) => pattern.test(line))).join('\n'));
    };
    expect(check({}, {}, bare(/DPDK/))).toThrow('Open vSwitch on this host is built without DPDK');
    expect(check(port('05:00.0'), {}, bare())).toThrow('this host has no IOMMU groups');
    expect(check({ ...port('05:00.0'), noiommu: true }, {}, bare())).toThrow('vfio takes no devices without an IOMMU');
    const unsafe = parseMachine('version DPDK 22\nunsafe Y\npci 0000:05:00.0 vfio-pci -1');
    expect(check({ ...port('05:00.0'), noiommu: true }, {}, unsafe)).not.toThrow();
  });
});

const show = (steps: readonly Step[]): readonly string[] =>
  steps.map((step) => {
    if (step.kind === 'exec')
      return step.argv
        .filter((word) => !word.startsWith('--timeout') && word !== '--no-wait')
        .slice(1)
        .join(' ');
    if (step.kind === 'wait') return `wait for ${step.what}`;
    if (step.kind !== 'snippet') return step.kind;
    if (step.script.includes('systemctl restart')) return 'restart';
    return step.script.includes('kvmnet') || step.script.includes('/run/openvswitch')
      ? 'mark'
      : `check ${step.args.join(' ')}`;
  });

describe('steps', () => {
  const on: State = { ...state, init: 'true', socket_mem: [512], initialized: true };
  const dpdk0 = { bridge: 'br0', type: 'dpdk', device: '0000:05:00.0', n_rxq: '2', error: null };
  it.each<[string, Goal, Goal, 'never' | 'if_required', readonly string[]]>([
    ['nothing to do', on, on, 'if_required', []],
    [
      'cores that poll change while it runs',
      on,
      { ...on, pmd_cores: '2-3' },
      'if_required',
      ['-- set Open_vSwitch . other_config:"pmd-cpu-mask"="0xc"'],
    ],
    [
      'the first start is a try',
      state,
      { ...state, init: 'true', socket_mem: [512, 256], initialized: true },
      'if_required',
      [
        '-- set Open_vSwitch . other_config:"dpdk-init"="try" other_config:"dpdk-socket-mem"="512,256"',
        'restart',
        'wait for DPDK to be initialised: see the log of ovs-vswitchd',
        '-- set Open_vSwitch . other_config:"dpdk-init"="true"',
      ],
    ],
    [
      'other memory takes a restart',
      on,
      { ...on, socket_mem: [1024] },
      'if_required',
      [
        '-- set Open_vSwitch . other_config:"dpdk-socket-mem"="1024"',
        'restart',
        'wait for DPDK to be initialised: see the log of ovs-vswitchd',
      ],
    ],
    [
      'or is remembered',
      on,
      { ...on, socket_mem: [1024] },
      'never',
      ['-- set Open_vSwitch . other_config:"dpdk-socket-mem"="1024"', 'mark'],
    ],
    [
      'what was remembered is done',
      { ...on, restart_due: true },
      on,
      'if_required',
      ['restart', 'wait for DPDK to be initialised: see the log of ovs-vswitchd'],
    ],
    [
      'true and try start alike',
      on,
      { ...on, init: 'try' },
      'if_required',
      ['-- set Open_vSwitch . other_config:"dpdk-init"="try"'],
    ],
    [
      'a port',
      on,
      { ...on, ports: { dpdk0 } },
      'never',
      [
        '-- add-port br0 dpdk0 -- set Interface dpdk0 type="dpdk" options:"dpdk-devargs"="0000:05:00.0" options:"n_rxq"="2"',
        'check 1 dpdk0 --if-exists del-port br0 dpdk0',
      ],
    ],
    [
      'ports go before DPDK does',
      { ...on, ports: { dpdk0 } },
      { ...state, ports: { dpdk0: null } },
      'if_required',
      [
        '-- --if-exists del-port br0 dpdk0',
        '-- remove Open_vSwitch . other_config "dpdk-init" "dpdk-socket-mem"',
        'restart',
      ],
    ],
    [
      'a port of a virtual machine becomes a client',
      { ...on, ports: { v: { bridge: 'br0', type: 'dpdkvhostuser', device: null } } },
      { ...on, ports: { v: { bridge: 'br0', type: 'dpdkvhostuserclient', device: '/run/v' } } },
      'never',
      [
        '-- --if-exists del-port br0 v',
        '-- add-port br0 v -- set Interface v type="dpdkvhostuserclient" options:"vhost-server-path"="/run/v"',
        'check 1 v --if-exists del-port br0 v -- add-port br0 v -- set Interface v type="dpdkvhostuser"',
      ],
    ],
    [
      'a port that does not work is not waited for when it is changed, nor is one that goes',
      { ...on, ports: { dpdk0: { ...dpdk0, error: 'no such device' }, d1: { ...dpdk0, device: '0000:05:00.1' } } },
      { ...on, ports: { dpdk0: { ...dpdk0, n_rxq: '4' }, d1: null } },
      'never',
      ['-- --if-exists del-port br0 d1', '-- set Interface dpdk0 options:"n_rxq"="4"'],
    ],
    [
      'a port of which nobody knows the kind',
      { ...on, ports: { dpdk0: { bridge: 'br0', type: null } } },
      { ...on, ports: { dpdk0 } },
      'never',
      [
        '-- --if-exists del-port br0 dpdk0',
        '-- add-port br0 dpdk0 -- set Interface dpdk0 type="dpdk" options:"dpdk-devargs"="0000:05:00.0" options:"n_rxq"="2"',
        'check 1 dpdk0 --if-exists del-port br0 dpdk0 -- add-port br0 dpdk0',
      ],
    ],
    [
      'other queues, in place',
      { ...on, ports: { dpdk0 } },
      { ...on, ports: { dpdk0: { ...dpdk0, n_rxq: '4', pmd_rxq_affinity: '0:2' } } },
      'never',
      [
        '-- set Interface dpdk0 options:"n_rxq"="4" other_config:"pmd-rxq-affinity"="0:2"',
        'check 1 dpdk0 remove Interface dpdk0 other_config "pmd-rxq-affinity" -- set Interface dpdk0 options:"n_rxq"="2"',
      ],
    ],
  ])('%s', (_name, from, to, restart, expected) => {
    expect(show(dpdkSteps(from, to, { restart }))).toEqual(expected);
  });
  it('say what is read at the start only', () => {
    expect(startHash({ ...on, pmd_cores: '1' })).toBe(startHash(on));
    expect(startHash({ ...on, extra: '-v' })).not.toBe(startHash(on));
  });
  it('pass over everything when ovs-vswitchd restarts', () => {
    const p = (restart: string) => parse({ restart });
    expect(ovsDpdk.touches?.(on, { ...on, socket_mem: [1] }, p('if_required'))).toEqual({
      links: ['br0'],
      effect: 'flap',
    });
    expect(ovsDpdk.touches?.(on, { ...on, pmd_cores: '1' }, p('if_required'))).toEqual({ links: [] });
    expect(ovsDpdk.touches?.(on, on, p('never'))).toBe('none');
  });
});

describe('a restart that is not allowed', () => {
  const p = parse({ init: true });
  it('is pending, with the remedy', () => {
    const reason = 'ovs-vswitchd reads settings of DPDK at its start only: restart it, or allow restart: if_required';
    expect(ovsDpdk.pending?.({ ...state, restart_due: true }, { initialized: true }, p)).toEqual([
      { path: 'initialized', reason, until: 'restart' },
      { path: 'restart_due', reason, until: 'restart' },
    ]);
    expect(ovsDpdk.pending?.(state, { initialized: true }, parse({ init: true, restart: 'if_required' }))).toEqual([]);
  });
  it('leaves ports for later, and says so', () => {
    const given = parse({
      init: true,
      vhost: [{ bridge: 'b', name: 'v0', mode: 'server' }],
      ports: [{ bridge: 'b', name: 'd0', devargs: '06:00.0' }],
    });
    expect(ovsDpdk.warnings?.(given, state, { machine: host() } as never)).toEqual([
      'd0, v0 will be made once DPDK runs',
      'eth4 will carry nothing for this host itself any more',
      'v0: in server mode virtual machines must restart with Open vSwitch; use mode: client',
    ]);
  });
});
