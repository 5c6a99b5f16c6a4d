import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { compileProbe, compileStep } from '../../sdk/compile.ts';
import { overlayState } from '../../sdk/diff.ts';
import { quote } from '../../sdk/quote.ts';
import {
  exec,
  probeScript,
  remove,
  sh,
  snippet,
  write,
  type AnyResource,
  type Change,
  type Probe,
  type StateObject,
  type Step,
} from '../../sdk/index.ts';
import type { Boot } from '../../sdk/module.ts';
import type { KeptUnit } from '../journal/undo-record.ts';

/** The boot unit of one resource: how to look at it, and what it takes to make it as it should be. */
export interface BootUnit {
  /** Its name. */
  readonly name: string;
  /** Null where systemd does not run. */
  readonly probe: Probe<KeptUnit | null>;
  /** @param want - null where the resource should be absent: its unit goes as well */
  plan(kept: KeptUnit | null, want: StateObject | null): BootPlan;
  /** From what is kept now to what was kept before. */
  back(kept: KeptUnit | null, before: KeptUnit): BootPlan;
}

export interface BootPlan {
  readonly changes: readonly Change[];
  readonly steps: readonly Step[];
  /** The way back, once the steps are done. Old files are taken from the host's undo store. */
  readonly undo: readonly Step[];
  /** What is kept once the steps are done; undefined where nothing changes. */
  readonly after?: KeptUnit | undefined;
  readonly warnings: readonly string[];
}

const nothing: BootPlan = { changes: [], steps: [], undo: [], warnings: [] };

/**
 * State that the kernel forgets is brought back at boot by one readable systemd unit per resource, with a script beside it
 * that takes the same steps as the task does (DESIGN.md, section 6).
 */
export function bootUnit(module: AnyResource, boot: Boot<StateObject>, params: unknown): BootUnit {
  const name = `kvmnet-${module.name}-${escapeName(boot.id)}`;
  const unit = `${name}.service`;
  const unitPath = `/etc/systemd/system/${unit}`;
  const scriptPath = `/etc/kvmnet/boot/${name}.sh`;

  return {
    name: unit,
    probe: probeScript(readUnit, [unitPath, scriptPath, unit], ({ stdout }) => parseKept(stdout)),
    plan(kept, want) {
      if (kept === null)
        return want === null ? nothing : { ...nothing, warnings: [`not kept across reboots: ${name} needs systemd`] };
      if (want === null) return removal(kept);
      const script = bootScript(module, boot, params, want);
      const text = unitText(module, boot, scriptPath);
      const after = { unit: hash(text), script: hash(script), enabled: true };
      const state = describe(kept, after);
      if (state === 'kept') return nothing;
      return {
        changes: [{ path: 'boot', from: state, to: unit }],
        steps: [
          exec(['mkdir', '-p', '/etc/kvmnet/boot']),
          write(scriptPath, script, { mode: '0755' }),
          write(unitPath, text, { mode: '0644' }),
          exec(['systemctl', '--quiet', 'reenable', unit]),
        ],
        undo: restore(kept),
        after,
        warnings: [],
      };
    },
    back(kept, before) {
      if (kept === null || isDeepStrictEqual(kept, before)) return nothing;
      const from = describe(kept, before) === null ? null : unit;
      const to = before.unit === null ? null : from === null ? unit : before.enabled ? 'as before' : 'not enabled';
      return {
        changes: [{ path: 'boot', from, to }],
        steps: restore(before),
        undo: restore(kept),
        after: before,
        warnings: [],
      };
    },
  };

  function restore(kept: KeptUnit): readonly Step[] {
    const file = (path: string, sum: string | null, mode: string): Step =>
      sum === null ? remove(path) : write(path, { stored: sum }, { mode });
    return [
      exec(['mkdir', '-p', '/etc/kvmnet/boot']),
      ...(kept.enabled ? [] : [exec(['systemctl', '--quiet', 'disable', unit], { ok: [1] })]),
      file(scriptPath, kept.script, '0755'),
      file(unitPath, kept.unit, '0644'),
      exec(kept.enabled ? ['systemctl', '--quiet', 'reenable', unit] : ['systemctl', 'daemon-reload']),
      dropEmptyFolders,
    ];
  }

  function removal(kept: KeptUnit): BootPlan {
    if (kept.unit === null && kept.script === null && !kept.enabled) return nothing;
    return {
      changes: [{ path: 'boot', from: unit, to: null }],
      steps: [
        ...(kept.enabled ? [exec(['systemctl', '--quiet', 'disable', unit])] : []),
        remove(unitPath),
        remove(scriptPath),
        exec(['systemctl', 'daemon-reload']),
        dropEmptyFolders,
      ],
      undo: restore(kept),
      after: { unit: null, script: null, enabled: false },
      warnings: [],
    };
  }
}

function describe(kept: KeptUnit, wanted: KeptUnit): string | null {
  if (kept.unit === null || kept.script === null) return null;
  if (kept.unit !== wanted.unit || kept.script !== wanted.script) return 'out of date';
  return kept.enabled ? 'kept' : 'not enabled';
}

const dropEmptyFolders = snippet(sh`rmdir /etc/kvmnet/boot /etc/kvmnet 2>/dev/null || :`, []);

const readUnit = sh`[ -d /run/systemd/system ] || { echo none; exit 0; }
for f in "$1" "$2"; do if [ -f "$f" ]; then sha256sum <"$f"; else echo -; fi; done
for l in /etc/systemd/system/*.wants/"$3"; do if [ -L "$l" ]; then echo enabled; break; fi; done`;

function parseKept(stdout: string): KeptUnit | null {
  const [unit = '-', script = '-', enabled] = stdout.split('\n').map((line) => line.split(' ')[0] ?? '');
  if (unit === 'none') return null;
  const sum = (text: string): string | null => (text === '-' || text === '' ? null : text);
  return { unit: sum(unit), script: sum(script), enabled: enabled === 'enabled' };
}

function bootScript(module: AnyResource, boot: Boot<StateObject>, params: unknown, want: StateObject): string {
  const all = overlayState(boot.state, want, module.compare);
  const goal = all === null ? null : (boot.keeps?.(all) ?? all);
  const forward = module.steps(boot.state, goal, params);
  const back = boot.resettable === true ? module.steps(goal, boot.state, params) : [];
  return [
    '#!/bin/sh',
    `# Brings back ${module.name} ${boot.id} after a boot. Written by kvmnet; the next run writes it again.`,
    'export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    // The device may come later: its own unit then runs this again.
    ...('device' in boot.anchor ? [`[ -e ${quote(`/sys/class/net/${boot.anchor.device}`)} ] || exit 0`] : []),
    ...(boot.guard === undefined ? [] : [`( ${compileProbe(boot.guard)}\n) >/dev/null 2>&1 && exit 0`]),
    ...back.map((step) => `( ${compileStep(step)}\n) >/dev/null 2>&1 || :`),
    ...forward.map((step) => `( ${compileStep(step)}\n) || exit 1`),
    '',
  ].join('\n');
}

function unitText(module: AnyResource, boot: Boot<StateObject>, scriptPath: string): string {
  const device = 'device' in boot.anchor ? deviceUnit(boot.anchor.device) : undefined;
  // A device that is there at boot is no reason to wait for udev: the target starts the unit, and so does the device.
  const wantedBy = 'unit' in boot.anchor ? [boot.anchor.unit] : ['multi-user.target', deviceUnit(boot.anchor.device)];
  const after = [...(device === undefined ? [] : [device]), ...(boot.after ?? [])];
  return [
    '# Written by kvmnet; the next run writes it again.',
    '[Unit]',
    `Description=kvmnet: ${module.name} ${boot.id.replaceAll('%', '%%')}`,
    ...(after.length > 0 ? [`After=${after.join(' ')}`] : []),
    ...(boot.before !== undefined && boot.before.length > 0 ? [`Before=${boot.before.join(' ')}`] : []),
    ...(boot.partOf !== undefined && boot.partOf.length > 0 ? [`PartOf=${boot.partOf.join(' ')}`] : []),
    '',
    '[Service]',
    'Type=oneshot',
    // A device may go and come back (a virtual machine that restarts): the unit has to be able to run again.
    `RemainAfterExit=${device === undefined ? 'yes' : 'no'}`,
    `ExecStart=/bin/sh ${scriptPath.replaceAll('%', '%%')}`,
    '',
    '[Install]',
    `WantedBy=${wantedBy.join(' ')}`,
    '',
  ].join('\n');
}

const deviceUnit = (device: string): string => `sys-subsystem-net-devices-${escapeUnit(device)}.device`;

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');

// systemd.unit(5), "String escaping for inclusion in unit names".
const escapeUnit = (text: string): string =>
  text.replace(/[^A-Za-z0-9:_.]/g, (c) =>
    c === '/' ? '-' : `\\x${Buffer.from(c).toString('hex').match(/../g)?.join('\\x') ?? ''}`,
  );

// For file names of our own: nothing that a shell, a unit file or a person could misread.
const escapeName = (id: string): string => id.replace(/[^A-Za-z0-9.-]/g, (c) => `_${Buffer.from(c).toString('hex')}`);
