import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createHash } from 'node:crypto';
import { defineModule, exec, probe, sh, type Step } from '../../sdk/index.ts';
import type { Boot } from '../../sdk/module.ts';
import type { StateObject } from '../../sdk/state.ts';
import { bootUnit } from './boot-unit.ts';

const link = defineModule({
  name: 'link',
  summary: 'a link',
  params: z.strictObject({}),
  examples: [],
  probes: () => ({ it: probe(['true'], () => 1) }),
  state: () => ({ mtu: 1500 }),
  want: () => ({ mtu: 1500 }),
  steps: (from, to) => [exec(['ip', `${from?.mtu ?? 'none'}`, `${to?.mtu ?? 'none'}`])],
});

const boot: Boot<StateObject> = { id: 'eth0/a b', state: null, anchor: { device: 'eth0-1' }, resettable: true };
const unit = bootUnit(link, boot, {});
const nothing = { unit: null, script: null, enabled: false };
const written = (steps: readonly Step[]): Record<string, string> =>
  Object.fromEntries(
    steps.flatMap((step) =>
      step.kind === 'write' && typeof step.content === 'string' ? [[step.path, step.content]] : [],
    ),
  );
const sha = (text = ''): string => createHash('sha256').update(text).digest('hex');

describe('a boot unit', () => {
  const plan = unit.plan(nothing, { mtu: 9000 });
  const files = written(plan.steps);
  const [script = '', text = ''] = [
    files['/etc/kvmnet/boot/kvmnet-link-eth0_2fa_20b.sh'],
    files['/etc/systemd/system/kvmnet-link-eth0_2fa_20b.service'],
  ];

  it('takes the same steps as the task, after it has gone back where that is harmless', () => {
    expect(plan.changes).toEqual([{ path: 'boot', from: null, to: 'kvmnet-link-eth0_2fa_20b.service' }]);
    expect(script).toContain('[ -e /sys/class/net/eth0-1 ] || exit 0');
    expect(script).toContain('( ip 9000 none\n) >/dev/null 2>&1 || :');
    expect(script).toContain('( ip none 9000\n) || exit 1');
  });

  it('is started by the target and by its device', () => {
    expect(text).toContain('After=sys-subsystem-net-devices-eth0\\x2d1.device\n');
    expect(text).toContain('WantedBy=multi-user.target sys-subsystem-net-devices-eth0\\x2d1.device\n');
    expect(text).toContain('RemainAfterExit=no\n');
  });

  it('runs again after a service with whose restart its state is gone', () => {
    const service = 'ovs-vswitchd.service';
    const flows = bootUnit(link, { ...boot, anchor: { unit: service }, after: [service], partOf: [service] }, {});
    const unitFile = Object.values(written(flows.plan(nothing, { mtu: 9000 }).steps)).join('');
    expect(unitFile).toContain(`After=${service}\n`);
    expect(unitFile).toContain(`PartOf=${service}\n`);
    expect(unitFile).toContain(`WantedBy=${service}\n`);
    expect(text).not.toContain('PartOf');
  });

  it('is left alone once it is there, and written again when it is not as it should be', () => {
    const kept = { unit: sha(text), script: sha(script), enabled: true };
    expect(unit.plan(kept, { mtu: 9000 })).toEqual({ changes: [], steps: [], undo: [], warnings: [] });
    expect(unit.plan({ ...kept, enabled: false }, { mtu: 9000 }).changes).toMatchObject([{ from: 'not enabled' }]);
    expect(unit.plan({ ...kept, script: 'other' }, { mtu: 9000 }).changes).toMatchObject([{ from: 'out of date' }]);
    expect(unit.plan(kept, { mtu: 1500 }).changes).toMatchObject([{ from: 'out of date' }]);
  });

  it('brings back what is ours, whatever others have added to it', () => {
    const own = bootUnit(link, { ...boot, keeps: (goal) => ({ ...goal, mtu: 1400 }) }, {});
    const first = own.plan(nothing, { mtu: 9000 });
    expect(Object.values(written(first.steps)).join('')).toContain('( ip none 1400\n) || exit 1');
    expect(own.plan(nothing, { mtu: 1500 }).steps).toEqual(first.steps);
  });

  it('goes with its resource', () => {
    const { changes, steps, undo } = unit.plan({ unit: 'a', script: 'b', enabled: true }, null);
    expect(changes).toEqual([{ path: 'boot', from: 'kvmnet-link-eth0_2fa_20b.service', to: null }]);
    expect(steps.filter(({ kind }) => kind === 'remove')).toHaveLength(2);
    expect(undo).toContainEqual(expect.objectContaining({ kind: 'write', content: { stored: 'b' } }));
    expect(unit.plan(nothing, null).steps).toEqual([]);
  });

  it('is not possible without systemd, and says so', () => {
    expect(unit.plan(null, { mtu: 9000 }).warnings).toEqual([
      'not kept across reboots: kvmnet-link-eth0_2fa_20b needs systemd',
    ]);
    expect(unit.plan(null, null).warnings).toEqual([]);
  });

  it('does nothing where its guard finds the resource standing', () => {
    const guarded = bootUnit(
      link,
      { ...boot, resettable: false, guard: { script: sh`[ -e "$1" ]`, args: ['/x y'] } },
      {},
    );
    const [text] = Object.values(written(guarded.plan(nothing, { mtu: 1 }).steps));
    expect(text).toContain(`( set -- '/x y'; { [ -e "$1" ]\n}\n) >/dev/null 2>&1 && exit 0`);
  });
});
