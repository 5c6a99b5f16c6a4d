import { describe, expect, it } from 'vitest';
import { replay, type RecordedCase } from '../../src/sdk/testing/recorded.ts';
import { irqAffinity } from './index.ts';
import { argumentSteps } from './irqbalance.ts';

type Outputs = RecordedCase['outputs'];
const loaded = { stdout: ['LoadState=loaded', 'ActiveState=active', 'UnitFileState=enabled', ''] };
/** What a host answers whose device has one queue, `eth0-TxRx-0` of interrupt 40. */
const host = (lines: readonly string[], more: Outputs = {}): Outputs => ({
  irqs: {
    stdout: [...lines, 'interrupts', '           CPU0       CPU1       ', '40: PCI-MSI 1-edge      eth0-TxRx-0', ''],
  },
  balance: { stdout: ['LoadState=not-found', ''] },
  files: { stdout: ['config /etc/default/irqbalance', '', '#kvmnet script', '', '#kvmnet mark', ''] },
  ...more,
});
const said = (params: object, outputs: Outputs) => replay(irqAffinity, { params: { dev: 'eth0', ...params } }, outputs);

describe('a host is refused', () => {
  it.each<[string, object, Outputs, string, string | undefined]>([
    [
      'without the device',
      {},
      { ...host([]), irqs: { stdout: ['nodev', ''] } },
      'the device eth0 does not exist',
      'check its name with ip link',
    ],
    [
      'that does not let its interrupts be read',
      {},
      {
        ...host([]),
        irqs: { code: 2, stdout: ['online 0-1'], stderr: ["sed: can't read /proc/interrupts: Permission denied", ''] },
      },
      "the interrupts of eth0 cannot be read: sed: can't read /proc/interrupts: Permission denied",
      undefined,
    ],
    // A node of its own memory whose CPUs are all offline has an empty list.
    [
      'whose CPUs next to the device are all offline',
      { policy: 'numa' },
      host(['online 0-1', 'near 2-3', 'irq 40 0-1 0']),
      'none of the CPUs 0-1 is next to eth0',
      'choose among 2-3, or set policy: spread',
    ],
  ])('%s', (_name, params, outputs, refused, hint) => {
    expect(said(params, outputs)).toEqual({ refused, ...(hint === undefined ? {} : { hint }) });
  });
});

describe('a host is taken as it is', () => {
  it('that does not say where interrupts really go', () => {
    expect(said({ cpus: '1' }, host(['online 0-1', 'isolated ', 'irq 40 0-1 ']))).toMatchObject({
      state: { queues: [{ queue: 'TxRx-0', cpus: '0-1' }] },
      changes: ['queues[TxRx-0].cpus: "0-1" -> "1"'],
    });
  });
  it('whose interrupts still go elsewhere', () => {
    expect(said({ cpus: '1' }, host(['online 0-1', 'isolated ', 'irq 40 1 0']))).toMatchObject({
      changes: [],
      warnings: ['interrupt 40 (TxRx-0) is set to CPU 1 but still goes to 0'],
    });
  });
  it('whose interrupt has no name but that of the device, and whose files tell nothing', () => {
    const plain = ['           CPU0       CPU1       ', '40: IO-APIC 11-fasteoi      eth0', ''];
    const irqs = { stdout: ['online 0-1', 'isolated ', 'irq 40 0-1 0-1', 'interrupts', ...plain] };
    expect(said({ cpus: '1' }, { ...host([]), irqs, files: {}, balance: loaded })).toMatchObject({
      state: { queues: [{ queue: 'eth0', cpus: '0-1' }], irqbalance: { banned: false, arguments: null } },
      undo: expect.arrayContaining(['remove /etc/default/irqbalance']),
    });
  });
  it('that tells nothing of its CPUs', () => {
    expect(said({ cpus: '1' }, host(['irq 40 0-1 0'])).refused).toBe('CPU 1 is not there or offline');
  });
  it('whose irqbalance has no file of arguments yet', () => {
    const files = { stdout: ['config /etc/sysconfig/irqbalance', '', '#kvmnet script', '', '#kvmnet mark', ''] };
    const answer = said({ cpus: '0-1' }, host(['online 0-1', 'isolated ', 'irq 40 0 0'], { balance: loaded, files }));
    expect(answer.steps).toContain(
      'write /etc/sysconfig/irqbalance "IRQBALANCE_ARGS=\\"--policyscript=/etc/kvmnet/irqbalance-policy\\"\\n" [null,null,null]',
    );
    expect(answer.undo).toContain('remove /etc/sysconfig/irqbalance');
    expect(answer.steps?.at(-1)).toBe('systemctl restart irqbalance.service');
  });
  it('whose irqbalance stands: it is not started by a ban', () => {
    const balance = { stdout: ['LoadState=loaded', 'ActiveState=inactive', 'UnitFileState=disabled', ''] };
    const { steps } = said({ cpus: '0' }, host(['online 0-1', 'isolated ', 'irq 40 0 0'], { balance }));
    expect(steps?.filter((line) => line.startsWith('systemctl'))).toEqual([]);
    expect(steps).toContain('write /etc/kvmnet/irqbalance-banned/eth0 "" [null,null,null]');
  });
});

it('has no steps to nothing, and none for what a goal does not say', () => {
  const p = irqAffinity.params.parse({ dev: 'eth0' });
  const state = { queues: [], irqbalance: { running: true, enabled: true, banned: false, arguments: null } };
  expect(irqAffinity.steps(state, null, p)).toEqual([]);
  const partly = { queues: [], irqbalance: { banned: true } } as unknown as typeof state;
  expect(irqAffinity.steps(state, partly, p).at(-1)).toMatchObject({
    argv: ['systemctl', 'restart', 'irqbalance.service'],
  });
});

it('takes its arguments out of a file that is not there any more', () => {
  const files = { path: '/etc/default/irqbalance', text: null, script: '', marked: false };
  expect(argumentSteps(files, '--debug')).toMatchObject([{ kind: 'write', content: 'IRQBALANCE_ARGS="--debug"\n' }]);
});
