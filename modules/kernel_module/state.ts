import { missing, refuse, type Pending } from '../../src/sdk/index.ts';
import type { Look } from './look.ts';
import { canonicalValue, loadFile, optionsFile, type KernelModule } from './params.ts';

export type State = {
  loaded: boolean;
  /** Parameters of the loaded module, those that were asked for; null: not loaded, or they cannot be read. */
  params: { [name: string]: string | null };
  /** What our file in modprobe.d gives it: `nested=1`, sorted. */
  options: string[];
  blacklist: boolean;
  /** Our file in modules-load.d has it loaded at boot. */
  persist: boolean;
  /** Never wanted, but what the steps go by: why it cannot be unloaded now. */
  busy: string | null;
  writable: string[];
  /** Why it cannot be loaded before a reboot. */
  later: string | null;
};

export function readState(look: Look, p: KernelModule): State {
  const ours = look.modprobe_d.filter(({ file }) => file === optionsFile(p.name)).map(({ line }) => line);
  const names = Object.keys(p.params ?? {});
  return {
    loaded: look.loaded || look.builtin,
    params: Object.fromEntries(names.map((name) => [name, look.params[name]?.value ?? null])),
    options: optionsIn(ours),
    blacklist: ours.some((line) => line.startsWith('blacklist')),
    persist: look.loadedBy.includes(loadFile(p.name)),
    busy: busy(look),
    writable: names.filter((name) => look.params[name]?.writable === true),
    later: later(look),
  };
}

const optionsIn = (lines: readonly string[]): string[] =>
  lines
    .filter((line) => line.startsWith('options'))
    .flatMap((line) => line.split(/\s+/).slice(2))
    .map((option) => {
      const [name = '', ...value] = option.split('=');
      return `${name}=${value.join('=').split(',').map(canonicalValue).join(',')}`;
    })
    .sort();

function busy({ builtin, users, references, interfaces }: Look): string | null {
  if (builtin) return 'it is part of the kernel';
  if (interfaces.length > 0) return `it drives ${interfaces.join(', ')}`;
  if (users.length > 0) return `${users.join(', ')} ${users.length === 1 ? 'needs' : 'need'} it`;
  return references > 0 ? `it is in use (${references} ${references === 1 ? 'reference' : 'references'})` : null;
}

/** After an update of the kernel the modules of the one that runs may be gone. */
function later({ loaded, builtin, available, otherKernels, kernel }: Look): string | null {
  if (loaded || builtin || available || otherKernels.length === 0) return null;
  return `the running kernel ${kernel} has no files of it, ${otherKernels.join(', ')} has: boot into that`;
}

export type WantState = {
  loaded: boolean;
  params?: { [name: string]: string } | undefined;
  options?: string[] | undefined;
  blacklist?: boolean | undefined;
  persist?: boolean | undefined;
};

/** @throws KvmnetError where that cannot be */
export function wantState(p: KernelModule, now: State, look: Look): WantState {
  if (p.state === 'absent') return wantAbsent(p, now, look);
  checkLoadable(p, now, look);
  if (look.builtin) return { loaded: true, params: wantBuiltin(p, now, look), blacklist: p.blacklist };
  const options = Object.entries(p.params ?? {}).map(([name, value]) => `${name}=${value}`);
  return {
    loaded: true,
    params: readable(p, look),
    options: p.params === undefined ? undefined : options.sort(),
    blacklist: p.blacklist,
    persist: p.persist,
  };
}

function wantAbsent(p: KernelModule, now: State, look: Look): WantState {
  if (look.builtin) throw refuse(`${p.name} is part of the kernel and cannot be unloaded`, 'another kernel is needed');
  if (now.loaded && now.busy !== null && p.blacklist !== true) {
    throw refuse(`${p.name} cannot be unloaded: ${now.busy}`, 'take away what uses it, or blacklist: true and reboot');
  }
  return { loaded: false, options: [], blacklist: p.blacklist, persist: false };
}

function checkLoadable({ name }: KernelModule, now: State, look: Look): void {
  const barred = look.modprobe_d.find(({ line }) => /^install\s+\S+\s+(\/usr)?\/bin\/(false|true)\b/.test(line));
  if (now.loaded) return;
  if (look.available || now.later !== null) {
    if (barred !== undefined)
      throw refuse(`${name} is barred by ${barred.file}: ${barred.line}`, 'take that line out first');
    if (!look.modprobe) throw missing('modprobe is not installed', 'install it: package: { name: kmod }');
    return;
  }
  if (look.bare) {
    throw missing(
      `there are no modules for the kernel that runs: /lib/modules/${look.kernel} is not there`,
      'load it where the kernel belongs to (the host of a container), or install the package of that kernel',
    );
  }
  throw missing(
    `the kernel ${look.kernel} has no module ${name}`,
    'check its name, or install the package that has it (linux-modules-extra, kernel-modules-extra)',
  );
}

/** Parameters that the module shows: of others nobody can say what they are, and one that is not loaded shows none. */
function readable(p: KernelModule, look: Look): { [name: string]: string } | undefined {
  if (p.params === undefined || !look.loaded) return undefined;
  const shown = Object.entries(p.params).filter(([name]) => (look.params[name]?.value ?? null) !== null);
  return Object.fromEntries(shown);
}

function wantBuiltin(p: KernelModule, now: State, look: Look): { [name: string]: string } | undefined {
  for (const [name, value] of Object.entries(p.params ?? {})) {
    if (now.params[name] === value || look.params[name]?.writable === true) continue;
    const argument = `${p.name}.${name}`;
    throw refuse(
      `${p.name} is part of the kernel: its parameter ${name} can be set only when the host boots`,
      `grub: { args: { "${argument}": "${value}" } }`,
    );
  }
  return p.params;
}

/** What only a reboot can bring: reasons by path, as in a change. */
export function pendingOf(now: State | null, want: WantState | null, p: KernelModule): Pending[] {
  if (now === null || want === null) return [];
  if (now.loaded !== want.loaded) {
    const reason = want.loaded ? now.later : now.busy;
    const cause = want.loaded ? otherKernel : loadedAnyway;
    return reason === null ? [] : [{ path: 'loaded', reason: `${p.name}: ${reason}`, until: 'reboot', cause }];
  }
  if (now.busy === null) return [];
  return Object.entries(want.params ?? {})
    .filter(([name, value]) => now.params[name] !== value && !now.writable.includes(name))
    .map(([name, value]) => ({
      path: `params.${name}`,
      reason: `${p.name} has to be loaded anew for ${name}=${value}, and ${now.busy}`,
      until: 'reboot' as const,
      cause: oldOptions,
    }));
}

const otherKernel = 'the boot loader starts the old kernel still: look at its default entry';
const loadedAnyway =
  'it is part of the kernel, or of an initramfs that was made before (update-initramfs -u, dracut -f), or another module or service loads it';
const oldOptions =
  'the initramfs loads it with its old options (update-initramfs -u, dracut -f), or the kernel command line or another file of modprobe.d sets them';
