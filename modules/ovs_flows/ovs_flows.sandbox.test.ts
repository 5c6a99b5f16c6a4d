import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { apply, read, type Applied, type Reading } from '../../src/sdk/testing/apply.ts';
import { folderFiles } from '../../src/sdk/testing/folder-files.ts';
import { createOvsSandbox, type OvsSandbox } from '../../src/sdk/testing/ovs.ts';
import { runSteps } from '../../src/sdk/testing/apply.ts';
import { ovsFlows } from './index.ts';

const files = folderFiles();
afterAll(() => files.close());
const prepare = async (params: object) =>
  await ovsFlows.prepare?.(ovsFlows.params.parse({ bridge: 'br-sfc', ...params }), files);
const chain = ovsFlows.examples[0]?.params.flows ?? [];

describe.each([['dash'], ['busybox sh']])('ovs_flows under %s', (shell) => {
  let host: OvsSandbox;
  beforeAll(async () => {
    host = await createOvsSandbox({ shell: shell.split(' ') });
    host.look(`ovs-vsctl add-br br-sfc -- set Bridge br-sfc datapath_type=netdev fail_mode=secure
for i in 1 2 3 4; do ovs-vsctl add-port br-sfc port$i -- set Interface port$i type=internal; done`);
  });
  afterAll(() => host.close());
  afterEach(() => void host.look('ovs-ofctl -O OpenFlow14 del-flows br-sfc'));
  const look = async (params: object): Promise<Reading> => read(ovsFlows, params, host, await prepare(params));
  const run = async (params: object): Promise<Applied> => apply(ovsFlows, params, host, await prepare(params));
  const flows = (): string => host.look('ovs-ofctl -O OpenFlow14 --no-stats --names dump-flows br-sfc | sort');
  const add = (text: string): string =>
    host.look(`ovs-ofctl -O OpenFlow14 --bundle add-flows br-sfc - <<'E'\n${text}\nE`);

  it.each(ovsFlows.examples.map((example) => [example.title, example.params]))('example: %s', async (_, params) => {
    const before = flows();
    const done = await run(params);
    expect(done.left).toEqual([]);
    const again = await run(params);
    expect([again.changes, again.steps]).toEqual([[], []]);
    expect(again.now ?? {}).toMatchObject(again.want ?? {});
    done.undo();
    expect(flows()).toBe(before);
  });

  it('carries a chain out, sees what others changed, and leaves other flows', async () => {
    add('priority=7,arp,actions=normal');
    const done = await run({ flows: chain });
    expect(done.left).toEqual([]);
    expect(flows()).toContain(' in_port=port1 actions=output:port2\n');
    const both = flows();
    host.look(
      'ovs-ofctl -O OpenFlow14 mod-flows br-sfc in_port=port1,actions=drop; ovs-ofctl -O OpenFlow14 del-flows br-sfc in_port=port3',
    );
    const repair = await run({ flows: chain });
    expect(repair.changes).toHaveLength(2);
    expect(repair.left).toEqual([]);
    expect(flows()).toBe(both);
    done.undo();
    expect(flows()).toBe(' priority=7,arp actions=NORMAL\n');
    await run({ flows: chain });
    expect((await run({ flows: chain, state: 'absent' })).left).toEqual([]);
    expect(flows()).toBe(' priority=7,arp actions=NORMAL\n');
  });

  it('[obs] compares in the words of the bridge: masks, order, the default priority, actions of OpenFlow 1.0', async () => {
    const odd = [
      'nw_src=10.0.0.9/255.255.255.0 ip,table=1,priority=32768 actions=drop',
      'table=1,in_port=port1,dl_vlan=7,ip,actions=mod_vlan_vid:9,mod_nw_tos:8,port2',
      'table=2,udp,actions=mod_vlan_pcp:3,mod_nw_dst:10.0.0.1,mod_tp_src:53,enqueue:port3:1',
      'table=3,dl_src=AA:BB:CC:00:00:01,actions=note:00.01,resubmit(port2,4),resubmit:port1,learn(table=5,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],output:NXM_OF_IN_PORT[])',
      'table=4,cookie=7,idle_timeout=600,hard_timeout=900,importance=3,send_flow_rem,priority=0,actions=bundle(eth_src,0,active_backup,ofport,members:port1,port2)',
      'table=6,ct_state=+trk+new,ip,actions=ct(commit,nat(src=10.0.0.1)),output(port=port4,max_len=64),LOCAL,controller:128',
    ];
    const done = await run({ flows: odd });
    expect(done.left).toEqual([]);
    expect((await look({ flows: odd })).changes).toEqual([]);
    expect((await look({ flows: odd })).now).toMatchObject({
      flows: { 'table=1,ip,nw_src=10.0.0.0/24': 'actions=drop' },
    });
    // The tool's own comparison takes a legacy action for a difference for ever.
    host.look(
      "printf 'in_port=1,dl_vlan=7,actions=mod_vlan_vid:9\\n' >/tmp/f; ovs-ofctl -O OpenFlow14 add-flows br-sfc /tmp/f",
    );
    expect(host.run('ovs-ofctl -O OpenFlow14 diff-flows br-sfc /tmp/f').code).toBe(2);
    done.undo();
  });

  it('[obs] diff-flows ends with 0 for the same and 2 for different flows', () => {
    host.look(
      "printf 'ip,nw_src=10.0.0.0/255.255.255.0,priority=32768,actions=drop\\n' >/tmp/f; ovs-ofctl -O OpenFlow14 add-flows br-sfc /tmp/f",
    );
    expect(host.run('ovs-ofctl -O OpenFlow14 diff-flows br-sfc /tmp/f').code).toBe(0);
    expect(host.run('ovs-ofctl -O OpenFlow14 diff-flows br-sfc /dev/null').code).toBe(2);
  });

  it('[obs] installs all flows or none', async () => {
    const before = flows();
    await expect(run({ flows: ['in_port=port1,actions=drop', 'in_port=port2,actions=group:77'] })).rejects.toThrow(
      'OFPBAC_BAD_OUT_GROUP',
    );
    expect(flows()).toBe(before);
    // Without a bundle the first would have stayed.
    host.run(
      "printf 'in_port=1,actions=drop\\nin_port=2,actions=group:77\\n' | ovs-ofctl -O OpenFlow14 add-flows br-sfc -",
    );
    expect(flows()).toBe(' in_port=port1 actions=drop\n');
  });

  it('[obs] refuses a flow that would match more than it says', async () => {
    expect(host.run("ovs-ofctl -O OpenFlow14 add-flow br-sfc 'in_port=1,tp_dst=80,actions=drop'").code).toBe(0);
    expect(flows()).toBe(' in_port=port1 actions=drop\n');
    await expect(look({ flows: ['in_port=port1,tp_dst=80,actions=drop'] })).rejects.toThrow(
      /^a flow asks for less than it says: in_port=\d,tp_dst=80 would become in_port=\d$/,
    );
  });

  it('keeps to its cookie and its table', async () => {
    add(
      'cookie=0x9,in_port=1,actions=drop\ncookie=0x5,table=1,in_port=1,actions=drop\ncookie=0x5,in_port=2,actions=drop',
    );
    const before = flows();
    const params = { state: 'exact', cookie: 5, table: 0, flows: ['in_port=port3,actions=output:port4'] };
    const done = await run(params);
    expect(done.left).toEqual([]);
    expect(flows()).toBe(
      ' cookie=0x5, in_port=port3 actions=output:port4\n cookie=0x5, table=1, in_port=port1 actions=drop\n cookie=0x9, in_port=port1 actions=drop\n',
    );
    done.undo();
    expect(flows()).toBe(before);
    const gone = await run({ cookie: '0x5', state: 'absent' });
    expect(flows()).toBe(' cookie=0x9, in_port=port1 actions=drop\n');
    expect((await look({ cookie: '0x5', state: 'absent' })).changes).toEqual([]);
    gone.undo();
    expect(flows()).toBe(before);
    expect((await run({ owned: true, state: 'exact', flows: [] })).left).toEqual([]);
    expect(flows()).toBe('');
  });

  it('reads flows from a file of the controller', async () => {
    files.put('chain.flows', `# to the firewall\n\n${chain.join('\n')}\n`);
    expect((await run({ src: 'chain.flows' })).left).toEqual([]);
    expect((await look({ flows: chain })).changes).toEqual([]);
  });

  it('[obs] flows are gone when ovs-vswitchd restarts; the boot unit brings them back, whatever the numbers are now', async () => {
    host.look('ovs-vsctl add-port br-sfc late -- set Interface late type=internal');
    const params = { flows: ['in_port=late,actions=output:port1'] };
    const p = await prepare(params);
    if (p === undefined) throw new Error('no parameters');
    const { want } = await run(params);
    host.stopSwitch();
    host.look('ovs-vsctl --no-wait set Interface late ofport_request=77');
    host.startSwitch();
    expect(flows()).toBe('');
    const boot = ovsFlows.boot?.(p);
    expect(boot).toMatchObject({
      id: 'br-sfc',
      state: null,
      anchor: { unit: 'ovs-vswitchd.service' },
      partOf: ['ovs-vswitchd.service'],
    });
    runSteps(ovsFlows.steps(null, want as never, p), host);
    expect(flows()).toBe(' in_port=late actions=output:port1\n');
    expect(host.look('ovs-ofctl -O OpenFlow14 --no-stats --no-names dump-flows br-sfc')).toContain('in_port=77');
    expect((await look(params)).changes).toEqual([]);
    host.look('ovs-vsctl del-port late');
  });

  it('refuses what cannot be', async () => {
    const failing = (params: object) => ({ toThrow: (text: string) => expect(look(params)).rejects.toThrow(text) });
    await failing({ bridge: 'br7', flows: ['actions=drop'] }).toThrow('the bridge br7 does not exist in Open vSwitch');
    await failing({ flows: ['in_port=nic9,actions=drop'] }).toThrow('br-sfc has no port nic9');
    await failing({ flows: ['in_port=port1,actions=nonsense:1'] }).toThrow(
      'ovs-ofctl does not take a flow (line:word): 1: unknown action nonsense',
    );
    await failing({ flows: ['in_port=port1,actions=strip_vlan,output:port2'] }).toThrow(
      'ovs-ofctl cannot say these flows',
    );
    await failing({ flows: ['in_port=port1,actions=drop', 'in_port=port1,actions=output:port2'] }).toThrow(
      'two flows have the same match table=0,in_port=',
    );
    host.look('ovs-vsctl set Bridge br-sfc protocols=OpenFlow10');
    await failing({ flows: ['actions=drop'] }).toThrow('br-sfc does not speak the version of OpenFlow that is needed');
    host.look('ovs-vsctl set Bridge br-sfc protocols=OpenFlow10,OpenFlow13');
    expect((await run({ flows: ['table=1,actions=drop'] })).left).toEqual([]);
    await failing({ flows: ['actions=drop'], protocols: 'OpenFlow15' }).toThrow('br-sfc does not speak the version');
    host.look('ovs-ofctl -O OpenFlow13 del-flows br-sfc; ovs-vsctl clear Bridge br-sfc protocols');
  });

  it('refuses exact where a controller is connected', async () => {
    const pid = host
      .look(
        'ovs-testcontroller --detach --no-chdir --pidfile=/run/tc.pid ptcp:6653:127.0.0.1 2>/dev/null; cat /run/tc.pid',
      )
      .trim();
    try {
      host.look(
        'ovs-vsctl set-controller br-sfc tcp:127.0.0.1:6653; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do [ "$(ovs-vsctl get Controller br-sfc is_connected)" = true ] && break; sleep 0.3; done',
      );
      await expect(look({ state: 'exact', owned: true, flows: [] })).rejects.toThrow(
        'the controller tcp:127.0.0.1:6653 is connected to br-sfc and owns its flows',
      );
      expect((await run({ flows: ['table=9,actions=drop'] })).left).toEqual([]);
    } finally {
      host.look(`ovs-vsctl del-controller br-sfc; kill ${pid}`);
    }
  });

  it('finds nothing to do after any flows were applied', async () => {
    const port = fc.constantFrom('port1', 'port2', 'port3', '"port4"', 'LOCAL');
    const match = fc.oneof(
      port.map((name) => `in_port=${name}`),
      fc.ipV4().map((ip) => `ip,nw_dst=${ip}/20`),
      fc
        .tuple(fc.constantFrom('tcp', 'udp', 'tcp6'), fc.integer({ min: 1, max: 65_535 }))
        .map(([kind, number]) => `${kind},tp_dst=${number}`),
      fc.integer({ min: 0, max: 4095 }).map((id) => `dl_vlan=${id}`),
      fc.constantFrom(
        'arp',
        'ipv6,ipv6_src=FE80::1/10',
        'metadata=5',
        'reg1=0x7/0xff',
        'icmp,icmp_type=8',
        'dl_dst=01:00:00:00:00:00/01:00:00:00:00:00',
      ),
    );
    const action = fc.oneof(
      port.map((name) => `output:${name}`),
      fc.constantFrom(
        'normal',
        'flood',
        'mod_dl_dst:02:00:00:00:00:01',
        'set_field:5->reg2',
        'load:1->NXM_NX_REG0[0..3]',
        'resubmit(,7)',
        'group:1',
        'mod_vlan_vid:6',
        'note:01.02.03',
      ),
    );
    const flow = fc
      .record({
        match,
        table: fc.nat(20),
        priority: fc.nat(65_535),
        cookie: fc.bigInt(0n, 2n ** 64n - 1n),
        idle: fc.nat(900),
        actions: fc.array(action, { maxLength: 4 }),
      })
      .map(
        (one) =>
          `table=${one.table},priority=${one.priority},cookie=0x${one.cookie.toString(16)},idle_timeout=${one.idle},${one.match},actions=${one.actions.join(',') || 'drop'}`,
      );
    host.look("ovs-ofctl -O OpenFlow14 add-group br-sfc 'group_id=1,type=all,bucket=output:1'");
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(flow, {
          selector: (text) => text.replace(/cookie.*?,idle_timeout=\d+,|actions.*/g, ''),
          maxLength: 12,
          minLength: 1,
        }),
        async (list) => {
          const before = flows();
          const done = await run({ flows: list });
          expect(done.left).toEqual([]);
          expect((await look({ flows: list })).changes).toEqual([]);
          done.undo();
          expect(flows()).toBe(before);
        },
      ),
      { numRuns: 10, endOnFailure: true },
    );
  });
});
