import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apply, read } from '../../src/sdk/testing/apply.ts';
import { createSandbox, type Sandbox } from '../../src/sdk/testing/sandbox.ts';
import { ethtool } from './index.ts';

const setup =
  'ip link add name eth0 numtxqueues 4 numrxqueues 4 type veth peer name far numtxqueues 4 numrxqueues 4; ip link set eth0 up';

describe.each([['sh'], ['bash'], ['busybox sh']])('ethtool on a veth device under %s', (shell) => {
  let host: Sandbox;
  beforeAll(async () => {
    host = await createSandbox({ shell: shell.split(' '), setup });
  });
  afterAll(() => host.close());
  const everything = (): string =>
    host.look(
      'ethtool -l eth0; ethtool -k eth0; for i in /sys/class/net/eth0/queues/*/?ps_cpus; do echo "$i $(cat $i)"; done',
    );

  it('sets channels, features and queues, finds nothing to do, and takes them back', () => {
    const before = everything();
    const params = {
      dev: 'eth0',
      channels: { rx: 2, tx: 'max' },
      features: { tso: 'off', 'rx-checksumming': false, gso: true },
      rps: '0-1',
      xps: '0x1',
    };
    const done = apply(ethtool, params, host);
    expect(done.changes).toEqual(
      [
        { path: 'channels.rx', from: 4, to: 2 },
        { path: 'features["tcp-segmentation-offload"]', from: true, to: false },
        { path: 'features["rx-checksumming"]', from: true, to: false },
        { path: 'rps', from: '', to: '0-1' },
        { path: 'xps', from: '', to: '0' },
      ].map((change) => ({ ...change, path: change.path.replace(/\["(.*)"\]/, '.$1') })),
    );
    expect(done.left).toEqual([]);
    expect(host.look('cat /sys/class/net/eth0/queues/rx-1/rps_cpus /sys/class/net/eth0/queues/tx-3/xps_cpus')).toBe(
      '3\n1\n',
    );
    const again = apply(ethtool, params, host);
    expect([again.changes, again.steps]).toEqual([[], []]);
    done.undo();
    expect(everything()).toBe(before);
  });

  it('sees what others changed, and gives each queue its own back', () => {
    host.look('echo 1 >/sys/class/net/eth0/queues/rx-0/rps_cpus; echo 2 >/sys/class/net/eth0/queues/rx-1/rps_cpus');
    const done = apply(ethtool, { dev: 'eth0', rps: 'off' }, host);
    expect(done.changes).toEqual([{ path: 'rps', from: '0|1||', to: '' }]);
    expect(done.left).toEqual([]);
    done.undo();
    expect(host.look('cat /sys/class/net/eth0/queues/rx-?/rps_cpus')).toBe('1\n2\n0\n0\n');
    host.look('echo 0 | tee /sys/class/net/eth0/queues/rx-?/rps_cpus');
  });

  it('runs after a boot on what stands already', () => {
    const p = ethtool.params.parse({ dev: 'eth0', channels: { rx: 4 } });
    expect(
      ethtool.steps(null, read(ethtool, { dev: 'eth0', channels: { rx: 4 } }, host).now as never, p),
    ).toMatchObject([
      { argv: ['ethtool', '-L', 'eth0', 'rx', '4'], ok: [1, 78, 79, 80, 81, 82] },
      { kind: 'snippet' },
      { kind: 'snippet' },
    ]);
  });

  it('refuses what the driver has not', () => {
    const failing = (params: object) => () => read(ethtool, { dev: 'eth0', ...params }, host);
    expect(failing({ channels: { combined: 2 } })).toThrow('the driver of eth0 has no channels.combined');
    expect(failing({ channels: { rx: 9 } })).toThrow('eth0 has at most 4 for channels.rx, not 9');
    expect(failing({ ring: { rx: 'max' } })).toThrow('the driver of eth0 has no ring.rx');
    expect(failing({ coalesce: { 'rx-usecs': 3 } })).toThrow('the driver of eth0 has no coalesce setting rx-usecs');
    expect(failing({ features: { 'tx-checksum-ipv4': true } })).toThrow(
      'tx-checksum-ipv4 of eth0 is fixed to off by its driver',
    );
    expect(failing({ features: { turbo: true } })).toThrow('the driver of eth0 has no feature turbo');
    expect(failing({ dev: 'lo', xps: '0' })).toThrow('lo has no queues that xps could be set for');
    expect(failing({ dev: 'eth7', rps: '0' })).toThrow('the device eth7 does not exist');
  });
});
