import type { HostRecap, RunEvent, TaskEvent } from '../../engine/events.ts';

const play = 'KVM host network';

export const taskEvent = (more: Partial<TaskEvent>): TaskEvent => ({
  type: 'task',
  play,
  host: 'kvm01',
  task: 'sysctl network buffers',
  module: 'sysctl',
  status: 'ok',
  changes: [],
  ms: 12,
  at: { file: 'site.yml', line: 12 },
  ...more,
});

export const hostRecap = (more: Partial<HostRecap>): HostRecap => ({
  ok: 0,
  changed: 0,
  would_change: 0,
  unknown: 0,
  skipped: 0,
  failed: 0,
  unreachable: 0,
  rescued: 0,
  ignored: 0,
  reboots: 0,
  reboot_pending: 0,
  round_trips: 0,
  ...more,
});

const buffers: TaskEvent['changes'] = [
  { path: 'net.core.rmem_max', from: '212992', to: '134217728' },
  { path: 'net.ipv4.tcp_rmem', from: '4096 131072 6291456', to: '4096 65536 134217728' },
];

/** A run with everything in it: changes, a diff, a skip, a failure with a code frame, one of a remote command, warnings. */
export const sampleRun: readonly RunEvent[] = [
  {
    type: 'run',
    id: '20250301-101500-a1b2',
    check: false,
    diff: true,
    playbooks: ['site.yml'],
    started: '2025-03-01T10:15:00.000Z',
  },
  { type: 'play', play, hosts: ['kvm01', 'kvm02', 'kvm-edge-03'], batch: 1, batches: 1 },
  { type: 'host', host: 'kvm01', doing: 'connecting' },
  { type: 'task-start', play, task: 'sysctl network buffers', module: 'sysctl' },
  { type: 'host', host: 'kvm01', doing: 'sysctl network buffers', taskIndex: 1, taskCount: 6 },
  taskEvent({ status: 'changed', changes: buffers }),
  taskEvent({ host: 'kvm02' }),
  taskEvent({
    host: 'kvm-edge-03',
    status: 'unreachable',
    failure: {
      code: 'unreachable',
      message: 'cannot connect to 10.0.1.3:22: connection refused',
      hint: 'check that sshd runs there and that kvmnet_port is right',
    },
  }),
  { type: 'host-end', host: 'kvm-edge-03', status: 'unreachable' },
  taskEvent({
    task: 'kernel module list',
    module: 'copy',
    status: 'changed',
    changes: [{ path: 'content', from: 'sha256:5d41402a', to: 'sha256:7d793037' }],
    texts: [{ path: '/etc/modules-load.d/kvm.conf', before: 'vhost\ntun\n', after: 'vhost_net\ntun\n' }],
  }),
  taskEvent({ host: 'kvm02', task: 'virtual functions', module: 'sriov', status: 'skipped', text: 'when is false' }),
  taskEvent({
    task: 'tunnels',
    module: 'vxlan',
    item: 'blue',
    role: 'overlay',
    status: 'changed',
    changes: [
      { path: 'state', from: 'absent', to: 'present' },
      { path: 'remotes', from: null, to: ['10.0.1.2', '10.0.1.3'] },
    ],
    warnings: ['the underlay has an MTU of 1500: tunnels get 1450'],
  }),
  taskEvent({
    host: 'kvm02',
    task: 'tunnels',
    module: 'vxlan',
    item: 'blue',
    status: 'failed',
    failure: {
      code: 'remote-command',
      message: 'ip link add failed',
      hint: 'another tunnel uses this VNI: remove it first',
      command: {
        argv: ['ip', 'link', 'add', 'vxlan 100', 'type', 'vxlan'],
        code: 2,
        stdout: '',
        stderr: 'RTNETLINK answers: File exists\n',
      },
    },
  }),
  { type: 'host-end', host: 'kvm02', status: 'failed' },
  taskEvent({
    task: 'IOMMU for passthrough',
    module: 'grub',
    pending: [{ path: 'cmdline.iommu', reason: 'the running kernel was started without it', until: 'reboot' }],
  }),
  { type: 'progress', host: 'kvm01', text: 'uploading image.qcow2', share: 0.4 },
  taskEvent({ task: 'say it', module: 'debug', text: 'hello\nworld' }),
  taskEvent({
    task: 'shape web1',
    module: 'tc_htb',
    status: 'ignored',
    failure: {
      code: 'template',
      message: '"rate" is not defined',
      hint: 'did you mean "rates"?',
      at: { file: 'site.yml', line: 30, column: 15, text: '        rate: "{{ rate }}"' },
    },
  }),
  taskEvent({ task: 'restart irqbalance', module: 'service', handler: true, status: 'changed', delegatedTo: 'kvm02' }),
  { type: 'host-end', host: 'kvm01', status: 'ok' },
  { type: 'warning', message: 'ControlPersist of ~/.ssh/config is not used' },
  {
    type: 'recap',
    hosts: {
      kvm01: hostRecap({ ok: 2, changed: 4, ignored: 1, reboot_pending: 1, round_trips: 9 }),
      kvm02: hostRecap({ ok: 1, skipped: 1, failed: 1, round_trips: 3 }),
      'kvm-edge-03': hostRecap({ unreachable: 1 }),
    },
    ms: 12_345,
    pending: {
      kvm01: [
        { task: 'IOMMU for passthrough', path: 'cmdline.iommu', reason: 'the running kernel was started without it' },
      ],
    },
    run: '20250301-101500-a1b2',
  },
];
