import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { apply, read } from '../../src/sdk/testing/apply.ts';
import { createSandbox, type Sandbox } from '../../src/sdk/testing/sandbox.ts';
import { tcHtb } from './index.ts';
import { itWhere } from '../../src/sdk/testing/it-where.ts';

const classes = [
  { classid: '1:1', rate: '10mbit' },
  { classid: '1:10', parent: '1:1', rate: '6mbit', ceil: '10mbit' },
  { classid: '1:20', parent: '1:1', rate: '3mbit', ceil: '8mbit' },
  { classid: '1:30', parent: '1:1', rate: '1mbit', ceil: '5mbit' },
];
const three = { dev: 'vnet0', default: 30, classes };

describe.each([['sh'], ['bash'], ['busybox sh']])('tc_htb under %s', (shell) => {
  // The other shells prove the snippets, not all of the module once more.
  const all = shell === 'sh';
  let host: Sandbox;
  beforeAll(async () => {
    host = await createSandbox({
      shell: shell.split(' '),
      setup: 'ip link add name vnet0 type veth peer name guest; ip link set vnet0 up',
    });
  });
  afterAll(() => host.close());
  beforeEach(() => host.run('tc qdisc del dev vnet0 root'));
  const show = (): string =>
    host
      .look(
        'tc qdisc show dev vnet0; tc class show dev vnet0 | sort; tc filter show dev vnet0 parent 1: 2>/dev/null || :',
      )
      .replaceAll(/ handle \S+|qdisc \w+ 8\w+:| leaf \S+| fh \S+/g, '');

  it('shapes, finds nothing to do, and takes it back', () => {
    const before = show();
    const done = apply(tcHtb, three, host);
    expect(done.left).toEqual([]);
    expect(host.look('tc qdisc show dev vnet0')).toContain('qdisc htb 1: root refcnt');
    expect(host.look('tc qdisc show dev vnet0')).toContain('default 0x30');
    expect(host.look('tc class show dev vnet0 | sort')).toBe(
      'class htb 1:1 root rate 10Mbit ceil 10Mbit burst 1600b cburst 1600b \n' +
        'class htb 1:10 parent 1:1 prio 0 rate 6Mbit ceil 10Mbit burst 1599b cburst 1600b \n' +
        'class htb 1:20 parent 1:1 prio 0 rate 3Mbit ceil 8Mbit burst 1599b cburst 1600b \n' +
        'class htb 1:30 parent 1:1 prio 0 rate 1Mbit ceil 5Mbit burst 1600b cburst 1600b \n',
    );
    const again = apply(tcHtb, three, host);
    expect([again.changes, again.steps]).toEqual([[], []]);
    done.undo();
    expect(show()).toBe(before);
  });

  it('[obs] changes rates in place, and makes the root anew for another default', () => {
    apply(tcHtb, three, host);
    const before = show();
    for (const verb of ['replace', 'change'])
      expect(host.run(`tc qdisc ${verb} dev vnet0 root handle 1: htb default 30`)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('Change operation not supported') as unknown,
      });
    const faster = apply(
      tcHtb,
      { ...three, classes: [...classes.slice(0, 3), { ...classes[3], rate: '500kbit', prio: 3 }] },
      host,
    );
    expect(faster.changes).toEqual([
      { path: 'classes[1:30].rate', from: 1_000_000, to: 500_000 },
      { path: 'classes[1:30].prio', from: 0, to: 3 },
    ]);
    expect(faster.steps).toMatchObject([
      { stdin: expect.stringMatching(/^class replace dev vnet0 parent 1:1 classid 1:30 htb[^\n]*\n$/) as string },
    ]);
    expect(faster.left).toEqual([]);
    faster.undo();
    expect(show()).toBe(before);
    const other = apply(tcHtb, { ...three, default: '0x20', r2q: 20 }, host);
    expect(other.left).toEqual([]);
    expect(other.steps).toHaveLength(1);
    expect(host.look('tc class show dev vnet0 | wc -l')).toBe('4\n');
    other.undo();
    expect(show()).toBe(before);
  });

  itWhere(all)('[obs] reads rates that tc has rounded: 1 gibit prints as 1073Mbit', () => {
    const big = {
      dev: 'vnet0',
      classes: [
        { classid: '1:1', rate: '2gibit', burst: '15k', cburst: '20k', quantum: 2000 },
        { classid: '1:2', rate: '1mbps' },
        { classid: '1:A', rate: '40gbit' },
        { classid: '1:b', rate: 123_456_789 },
      ],
    };
    expect(apply(tcHtb, big, host).left).toEqual([]);
    expect(host.look('tc class show dev vnet0')).toMatch(/class htb 1:1 root prio 0 rate 2147Mbit/);
    expect(host.look('tc class show dev vnet0')).toContain('class htb 1:2 root prio 0 rate 8Mbit');
    expect(apply(tcHtb, big, host).steps).toEqual([]);
    const slower = {
      ...big,
      classes: big.classes.map((item) => (item.classid === '1:1' ? { ...item, rate: '2145mbit' } : item)),
    };
    expect(read(tcHtb, slower, host).changes.map(({ path }) => path)).toEqual([
      'classes[1:1].rate',
      'classes[1:1].ceil',
    ]);
  });

  it('has filters and leaves, and sees what others changed', () => {
    const params = {
      ...three,
      classes: [...classes.slice(0, 3), { ...classes[3], leaf: { kind: 'pfifo', limit: 50 } }],
      filters: [
        { dst: '10.1.2.77/24', ip_proto: 'tcp', sport: 80, dport: 443, flowid: '1:10' },
        { src: '10.1.2.3', tos: 16, flowid: '1:20', prio: 2 },
        { protocol: 'ipv6', dst: '2001:db8:1::/48', ip_proto: 'udp', dport: 4789, flowid: '1:20', prio: 3 },
      ],
    };
    const done = apply(tcHtb, params, host);
    expect(done.left).toEqual([]);
    expect(apply(tcHtb, params, host).steps).toEqual([]);
    expect(host.look('tc filter show dev vnet0 parent 1:')).toContain('match 005001bb/ffffffff at 20');
    expect(host.look('tc qdisc show dev vnet0')).toContain('parent 1:30 limit 50p');
    host.look(
      'tc class change dev vnet0 parent 1:1 classid 1:20 htb rate 2mbit ceil 8mbit; tc class add dev vnet0 parent 1:1 classid 1:99 htb rate 1kbit; tc filter del dev vnet0 parent 1: protocol ip prio 2 u32; tc qdisc del dev vnet0 parent 1:30',
    );
    const repair = apply(tcHtb, params, host);
    expect(repair.changes.map(({ path }) => path)).toEqual(
      [
        'classes[1:20].rate',
        'classes[1:30].leaf.kind',
        'classes[1:30].leaf.limit',
        'classes[1:30].leaf.perturb',
        'classes[1:99]',
        'filters',
      ].filter((path) => repair.changes.some((change) => change.path === path)),
    );
    expect(repair.left).toEqual([]);
    repair.undo();
    expect(host.look('tc class show dev vnet0')).toMatch(/1:99[^]*/);
    done.undo();
    expect(host.look('tc qdisc show dev vnet0')).not.toContain('htb');
  });

  itWhere(all)('keeps classes of others where it does not replace', () => {
    apply(tcHtb, three, host);
    const one = { dev: 'vnet0', replace: false, classes: [{ classid: '1:40', parent: '1:1', rate: '8kbit' }] };
    expect(() => read(tcHtb, one, host)).toThrow('the classes below 1:1 are promised 10008kbit, it has 10mbit');
    const fits = { ...one, classes: [{ classid: '1:40', rate: '8kbit' }] };
    expect(apply(tcHtb, fits, host).left).toEqual([]);
    expect(host.look('tc class show dev vnet0 | wc -l')).toBe('5\n');
  });

  itWhere(all).each([
    ['1000', 1000],
    ['10mbit', 10_000_000],
    ['1mibit', 1_048_576],
    ['1mbps', 8_000_000],
    ['1kibps', 8192],
    ['3gibit', 3_221_225_472],
    ['40gbit', 40_000_000_000],
  ])('[obs] reads a rate as tc does: %s', (rate, bits) => {
    host.look(
      `tc qdisc add dev vnet0 root handle 1: htb; tc class add dev vnet0 parent 1: classid 1:1 htb rate ${rate} burst 15k quantum 2000`,
    );
    const one = { classid: '1:1', burst: '15k', quantum: 2000 };
    for (const same of [rate, bits]) {
      expect(read(tcHtb, { dev: 'vnet0', classes: [{ ...one, rate: same }] }, host).changes).toEqual([]);
    }
    expect(read(tcHtb, { dev: 'vnet0', classes: [{ ...one, rate: bits * 2 }] }, host).changes).not.toEqual([]);
  });

  itWhere(all).each([
    ['10k', 10_240],
    ['10kb', 10_240],
    ['80kbit', 10_240],
    ['2mb', 2_097_152],
    ['20000', 20_000],
  ])('[obs] reads a size as tc does: %s', (size, bytes) => {
    host.look(
      `tc qdisc add dev vnet0 root handle 1: htb; tc class add dev vnet0 parent 1: classid 1:1 htb rate 10mbit burst ${size}`,
    );
    for (const same of [size, bytes]) {
      const params = { dev: 'vnet0', classes: [{ classid: '1:1', rate: '10mbit', burst: same }] };
      expect(read(tcHtb, params, host).changes).toEqual([]);
    }
    const other = { dev: 'vnet0', classes: [{ classid: '1:1', rate: '10mbit', burst: bytes * 2 }] };
    expect(read(tcHtb, other, host).changes.map(({ path }) => path)).toEqual(['classes[1:1].burst']);
  });

  itWhere(all).each([
    [
      'a parent that is not there, for which it takes the root',
      [{ classid: '1:1', parent: '1:77', rate: '10mbit' }],
      undefined,
      /class htb 1:1 root /,
      'there is no class 1:77',
    ],
    [
      'a ceil below the rate',
      [{ classid: '1:1', rate: '5mbit', ceil: '2mbit' }],
      undefined,
      /class htb 1:1 root .*rate 5Mbit ceil 2Mbit/,
      'ceil 2mbit of 1:1 is below its rate 5mbit',
    ],
    [
      'more for the children than the parent has',
      [
        { classid: '1:1', rate: '10mbit' },
        { classid: '1:2', parent: '1:1', rate: '50mbit' },
      ],
      undefined,
      /class htb 1:2 parent 1:1 .*rate 50Mbit/,
      'the classes below 1:1 are promised 50mbit, it has 10mbit',
    ],
    [
      'a default that is no class',
      [{ classid: '1:1', rate: '10mbit' }],
      '99',
      /class htb 1:1 root .*rate 10Mbit/,
      'there is no class 1:99 for default',
    ],
  ])('[obs] refuses what the kernel accepts: %s', (_what, list, fallback, shows, message) => {
    host.look(`tc qdisc add dev vnet0 root handle 1: htb default ${fallback ?? 1}`);
    for (const { parent, classid, rate, ceil } of list as readonly Record<string, string>[])
      host.look(
        `tc class add dev vnet0 parent ${parent ?? '1:'} classid ${classid} htb rate ${rate} ceil ${ceil ?? rate}`,
      );
    expect(host.look('tc class show dev vnet0')).toMatch(shows);
    expect(() => read(tcHtb, { dev: 'vnet0', default: fallback, classes: list }, host)).toThrow(message);
  });

  itWhere(all)('[obs] gives a quantum where the kernel warns of its own', () => {
    const plain = host.run(
      'tc qdisc add dev vnet0 root handle 1: htb; tc class add dev vnet0 parent 1: classid 1:1 htb rate 1gbit',
    );
    expect(plain.stderr).toMatch(/quantum of class 10001 is big\. Consider r2q change/);
    host.look('tc qdisc del dev vnet0 root');
    const done = apply(tcHtb, { dev: 'vnet0', classes: [{ classid: '1:1', rate: '1gbit' }] }, host);
    expect(done.steps).toMatchObject([{ stdin: expect.stringContaining(' quantum 60000') as string }]);
  });

  itWhere(all)('shapes a tap that libvirt has told to have no queue, and leaves it so', () => {
    host.look('tc qdisc add dev vnet0 root noqueue');
    const root = (): string => host.look('tc qdisc show dev vnet0 root').replace(/8\w+:/, 'HANDLE');
    const before = root();
    expect(before).toContain('qdisc noqueue HANDLE root');
    const done = apply(tcHtb, three, host);
    expect(done.left).toEqual([]);
    expect(root()).toContain('qdisc htb 1: root');
    done.undo();
    expect(root()).toBe(before);
    expect(apply(tcHtb, { dev: 'vnet0', state: 'absent' }, host).steps).toEqual([]);
  });

  itWhere(all)('[obs] goes away from below, also where nothing is, and leaves to others what is theirs', () => {
    expect(apply(tcHtb, { dev: 'vnet0', state: 'absent' }, host).steps).toEqual([]);
    expect(host.run('tc qdisc del dev vnet0 root').code).toBe(2);
    apply(tcHtb, three, host);
    expect(host.run('tc class del dev vnet0 classid 1:1').stderr).toContain('HTB class in use');
    const fewer = apply(tcHtb, { dev: 'vnet0', classes: [{ classid: '1:5', rate: '10mbit' }] }, host);
    expect(fewer.left).toEqual([]);
    fewer.undo();
    const gone = apply(tcHtb, { dev: 'vnet0', state: 'absent' }, host);
    expect(gone.left).toEqual([]);
    gone.undo();
    expect(read(tcHtb, three, host).changes).toEqual([]);
    host.look('tc qdisc replace dev vnet0 root handle 5: tbf rate 1mbit burst 10k latency 50ms');
    expect(() => read(tcHtb, three, host)).toThrow('vnet0 has a queueing discipline of another kind (tbf 5:)');
    expect(() => read(tcHtb, { ...three, dev: 'vnet9' }, host)).toThrow('the device vnet9 does not exist');
  });
});
