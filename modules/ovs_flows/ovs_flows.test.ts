import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { OvsBridge } from '../../src/sdk/index.ts';
import { messageOf } from '../../src/sdk/testing/message-of.ts';
import { replay, type RecordedCase } from '../../src/sdk/testing/recorded.ts';
import { chainWarnings } from './chain.ts';
import { readFlow } from './flow-text.ts';
import { ovsFlows } from './index.ts';
import { look } from './look.ts';
import { parseFlow } from './parse.ts';

const plain = { cookie: undefined, table: undefined, byName: true };

describe('parameters', () => {
  it.each(ovsFlows.examples.map((example) => [example.title, example.params]))('example: %s', (_title, params) => {
    expect(ovsFlows.params.safeParse(params).error).toBeUndefined();
  });
  it.each([
    [{}, 'give flows, or src: a file with flows'],
    [{ flows: [], src: 'x' }, 'give flows or src, not both'],
    [{ flows: [], state: 'exact' }, 'exact needs to know which flows are yours: give them a cookie, or say owned: yes'],
    [
      { flows: [], state: 'exact', cookie: 0 },
      'exact needs to know which flows are yours: give them a cookie, or say owned: yes',
    ],
    [{ state: 'absent' }, 'absent needs to know which flows are yours: give them a cookie, or say owned: yes'],
    [{ flows: ['a'], cookie: 'x' }, 'a cookie is a number of 64 bits, e.g. 0x1234'],
    [{ flows: ['a'], cookie: '99999999999999999999' }, 'a cookie has at most 64 bits'],
    [{ flows: ['a'], table: 255 }, 'expected a table: a whole number from 0 to 254'],
    [{ flows: ['a'], state: 'absent', cookie: '0X1F' }, undefined],
  ])('%j: %s', (params, message) => {
    expect(messageOf(ovsFlows.params, { bridge: 'br0', ...params })).toBe(message);
  });
});

describe('a flow as it is written', () => {
  it.each([
    ['in_port=port1,actions=output:port2', 'in_port={port1},actions=output:{port2}', ['port1', 'port2']],
    ['in_port=1 actions=2', 'in_port=1,actions=2', []],
    ['in_port="a b", actions="c"', 'in_port={a b},actions={c}', ['a b', 'c']],
    ['actions=NORMAL', 'actions=NORMAL', []],
    ['actions=', 'actions=', []],
    ['in_port=LOCAL,action=vnet0,in_port,drop', 'in_port=LOCAL,actions={vnet0},in_port,drop', ['vnet0']],
    [
      'actions=output:NXM_NX_REG0[0..15],output:NXM_OF_IN_PORT[]',
      'actions=output:NXM_NX_REG0[0..15],output:NXM_OF_IN_PORT[]',
      [],
    ],
    [
      'actions=resubmit(,1),resubmit(eth1,2),resubmit:eth2',
      'actions=resubmit(,1),resubmit({eth1},2),resubmit:{eth2}',
      ['eth1', 'eth2'],
    ],
    [
      'actions=enqueue:eth1:5,output(port=eth2,max_len=5)',
      'actions=enqueue:{eth1}:5,output(port={eth2},max_len=5)',
      ['eth1', 'eth2'],
    ],
    [
      'actions=bundle(eth_src,0,hrw,ofport,members:eth1,2)',
      'actions=bundle(eth_src,0,hrw,ofport,members:{eth1},2)',
      ['eth1'],
    ],
    [
      'actions=clone(output:eth1),ct(commit,nat(src=10.0.0.1)),pop_vlan,dec_ttl',
      'actions=clone(output:{eth1}),ct(commit,nat(src=10.0.0.1)),pop_vlan,dec_ttl',
      ['eth1'],
    ],
    [
      'tcp,tp_dst=80,actions=set_field:10.0.0.1->ip_dst,0x5',
      'tcp,tp_dst=80,actions=set_field:10.0.0.1->ip_dst,0x5',
      [],
    ],
  ])('%s', (line, text, ports) => {
    expect(readFlow(line, plain)).toMatchObject({ text, ports });
  });
  it('gets the cookie and the table of all, where it has none of its own', () => {
    const all = { cookie: '0x5', table: 3, byName: false };
    expect(readFlow('in_port=a,actions=drop', all).text).toBe('cookie=0x5,table=3,in_port=a,actions=drop');
    expect(readFlow('table=1,cookie=2,actions=a', all).text).toBe('table=1,cookie=2,actions=a');
  });
  it.each([
    ['in_port=1', '"in_port=1" has no actions: end it with actions=…, e.g. actions=drop'],
    ['actions=output:{a}', '"actions=output:{a}" has a brace or a line break in it, which no flow has'],
    [
      'check_overlap,actions=drop',
      '"check_overlap,actions=drop": check_overlap and reset_counts are no part of a flow: leave them out',
    ],
    [
      'delete in_port=1,actions=drop',
      '"delete in_port=1,actions=drop" is a command: give the flow alone, and state for what is to become of it',
    ],
  ])('refuses %s', (line, message) => {
    expect(() => readFlow(line, plain)).toThrow(message);
  });
});

describe('a flow as it is printed', () => {
  it.each([
    [
      ' cookie=0x7, reset_counts priority=7,udp actions=drop',
      { match: 'table=0,priority=7,udp', rest: 'cookie=0x7,actions=drop', cookie: '0x7', table: 0 },
    ],
    [' actions=drop', { match: 'table=0', rest: 'actions=drop', cookie: '0x0', table: 0 }],
    [
      ' cookie=0x7, table=4, idle_timeout=60, hard_timeout=9, importance=5, send_flow_rem priority=3,arp actions=FLOOD',
      {
        match: 'table=4,priority=3,arp',
        rest: 'cookie=0x7,idle_timeout=60,hard_timeout=9,importance=5,send_flow_rem,actions=FLOOD',
        table: 4,
      },
    ],
    [
      'OFPT_FLOW_MOD (OF1.4) (xid=0x1): ADD table:4 priority=3,arp cookie:0x7 idle:60 hard:9 importance:5 send_flow_rem actions=FLOOD',
      {
        match: 'table=4,priority=3,arp',
        rest: 'cookie=0x7,idle_timeout=60,hard_timeout=9,importance=5,send_flow_rem,actions=FLOOD',
        cookie: '0x7',
      },
    ],
    ['OFPT_FLOW_MOD (OF1.4) (xid=0x1): ADD actions=drop', { match: 'table=0', rest: 'actions=drop' }],
    [
      'NXT_FLOW_MOD (xid=0x1): ADD table:9 dl_vlan=7 actions=learn(table=10,idle_timeout=60,cookie=0x5,output:NXM_OF_IN_PORT[])',
      {
        match: 'table=9,dl_vlan=7',
        rest: 'actions=learn(table=10,idle_timeout=60,cookie=0x5,output:NXM_OF_IN_PORT[])',
      },
    ],
  ])('%s', (line, flow) => {
    expect(parseFlow(line)).toMatchObject(flow);
  });
  it.each([['OFPST_FLOW reply (OF1.4) (xid=0x2):'], ['usable protocols: any'], ['pre: in_port=1,actions=drop']])(
    '%s is none',
    (line) => {
      expect(parseFlow(line)).toBeUndefined();
    },
  );
});

describe('what the host says', () => {
  const said = (code: number, stdout: string, stderr = '') =>
    look('br0', '', []).parse({ code, stdout, stderr, bytes: new Uint8Array() });
  const parts = (errors: string): string => ` actions=drop\n== kvmnet ==\n== kvmnet ==\n${errors}\n`;
  it.each([
    ['kvmnet: no port eth1', { kind: 'port', text: 'eth1' }],
    [
      'x|INFO|normalization changed ofp_match, details:\nx|INFO| pre: tp_dst=80\nx|INFO|post: ',
      { kind: 'normalized', text: 'tp_dst=80 would become ' },
    ],
    ['ovs-ofctl: no usable protocol', { kind: 'protocol', text: 'no usable protocol' }],
    ['ovs-ofctl: /dev/stdin:3: unknown action x', { kind: 'flow', text: '3: unknown action x' }],
    ['', null],
  ])('%s', (errors, problem) => {
    expect(said(0, parts(errors))).toMatchObject({ current: [{ match: 'table=0' }], wanted: [], problem });
  });
  it('is null without the program, and an error where the bridge does not answer', () => {
    expect(said(127, '')).toBeNull();
    expect(() => said(1, '', 'ovs-ofctl: br0 is not a bridge or a socket')).toThrow('the bridge br0 is not up');
    expect(() => said(1, '', 'unix:/run/db.sock: database connection failed')).toThrow('Open vSwitch is not running');
    expect(() => said(1, '', 'out of memory')).toThrow('the flows of br0 cannot be read: out of memory');
  });
});

describe('steps', () => {
  const p = {
    ...ovsFlows.params.parse({ bridge: 'br0', flows: [] }),
    texts: [readFlow('in_port=a,actions=drop', plain)],
  };
  const stdin = (from: object | null, to: object | null, params = p): string | undefined => {
    const [step] = ovsFlows.steps(from as never, to as never, params);
    return step?.kind === 'snippet' ? step.stdin : undefined;
  };
  it('take out, change and add in one bundle', () => {
    const from = {
      flows: { 'table=0,in_port=1': 'actions=drop', 'table=0,arp': 'actions=drop', 'table=1': 'actions=drop' },
    };
    const to = { flows: { 'table=0,in_port=1': 'actions=output:2', 'table=0,arp': null, 'table=1': 'actions=drop' } };
    expect(stdin(from, to)).toBe('delete_strict table=0,arp\nadd table=0,in_port=1,actions=output:2\n');
    expect(stdin(from, from)).toBeUndefined();
    expect(stdin(from, null)).toBe(
      'delete_strict table=0,in_port=1\ndelete_strict table=0,arp\ndelete_strict table=1\n',
    );
  });
  it('name ports at boot, and give back what a removal took', () => {
    expect(stdin(null, { flows: { 'table=0,in_port=1': 'actions=drop' } })).toBe('add in_port={a},actions=drop\n');
    expect(stdin(null, { flows: { 'table=0': 'actions=drop' } }, { ...p, state: 'absent' })).toBe(
      'add table=0,actions=drop\n',
    );
  });
  it('pass over all that is on the bridge', () => {
    const state = (flows: object) => ({ flows, links: ['br0', 'eth1'] }) as never;
    expect(ovsFlows.touches?.(state({}), state({ 'table=0': 'actions=drop' }), p)).toEqual({ links: ['br0', 'eth1'] });
    expect(ovsFlows.touches?.(state({}), state({}), p)).toBe('none');
    expect(ovsFlows.touches?.(null, { flows: { 'table=0': 'actions=drop' } } as never, p)).toEqual({ links: ['br0'] });
  });
  it('come back with ovs-vswitchd, each by itself', () => {
    const boot = (params: object) =>
      ovsFlows.boot?.({ ...ovsFlows.params.parse({ bridge: 'br0', flows: [], ...params }), texts: [] })?.id;
    expect([boot({}), boot({ cookie: 5 }), boot({ cookie: 5, table: 2 })]).toEqual([
      'br0',
      'br0-0x5',
      'br0-0x5-table2',
    ]);
  });
});

describe('a chain', () => {
  const port = (name: string, ofport: number, request: number | null = null) => ({
    name,
    config: {},
    interfaces: [{ name, ofport, mtu: null, error: null, macInUse: null, config: { ofport_request: request } }],
  });
  const bridge = (fail_mode: string | null): OvsBridge => ({
    name: 'br0',
    config: { fail_mode },
    ports: [port('a', 1), port('b', 2, 2), port('c', 3)],
    controllers: [],
    mirrors: [],
  });
  const warnings = (mode: string | null, ...flows: string[]): readonly string[] =>
    chainWarnings(
      bridge(mode),
      flows.map((flow) => readFlow(flow, plain)),
    );
  it.each<[string, string | null, string[], string[]]>([
    ['whole', 'secure', ['in_port=a,actions=b', 'in_port=b,actions=output:a'], []],
    [
      'without a way back',
      'secure',
      ['in_port=a,actions=b', 'in_port=c,actions=output:a'],
      ['no flow takes what comes in from b: the way back is missing'],
    ],
    ['from the host itself', 'secure', ['in_port=LOCAL,actions=a', 'in_port=a,actions=LOCAL'], []],
    ['that says nothing of ports', 'secure', ['arp,actions=a'], []],
    [
      'beside which frames go past',
      null,
      ['actions=drop'],
      ['br0 forwards what no flow matches like a switch, past the chain: ovs_bridge: { name: br0, fail_mode: secure }'],
    ],
    [
      'of numbers',
      'secure',
      ['in_port=1,actions=output:2', 'in_port=2,actions=output:1'],
      ['the port numbers 1 (a) may be others after a restart: use the names, or ofport_request'],
    ],
  ])('%s', (_name, mode, flows, expected) => {
    expect(warnings(mode, ...flows)).toEqual(expected);
  });
});

describe('flows of a task', () => {
  const prepared = (params: object, text = '') =>
    ovsFlows.prepare?.(ovsFlows.params.parse({ bridge: 'br0', ...params }), {
      resolve: (path: string) => `/files/${path}`,
      read: async (path: string) => Buffer.from(path === '/files/f' ? text : ''),
    } as never);
  it('come from a file, without its comments', async () => {
    const given = await prepared({ src: 'f' }, '# all\n\n  # arp\n arp,actions=NORMAL\n  \nactions=drop\n');
    expect(given?.texts.map(({ text }) => text)).toEqual(['arp,actions=NORMAL', 'actions=drop']);
  });
  it('may be none', async () => {
    expect(await prepared({ state: 'absent', cookie: 5 })).toMatchObject({ texts: [] });
  });
  it('are refused where they are none', async () => {
    await expect(prepared({ flows: ['in_port=1'] })).rejects.toThrow('"in_port=1" has no actions');
  });

  const [one] = JSON.parse(
    readFileSync(new URL('cases/recorded.json', import.meta.url), 'utf8'),
  ) as readonly RecordedCase[];
  const refused = (look: RecordedCase['outputs'][string]) =>
    replay(ovsFlows, one ?? {}, { ...one?.outputs, look }).refused;
  it('need the program, and ports that are up', () => {
    expect(refused({ code: 127 })).toBe('ovs-ofctl is not installed');
    expect(refused({ stdout: ['== kvmnet ==', '== kvmnet ==', 'kvmnet: no port port3', ''] })).toBe(
      'the port port3 has no OpenFlow number yet',
    );
  });
});
