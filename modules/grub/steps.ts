import { exec, remove, write, type Step } from '../../src/sdk/index.ts';
import {
  defaults,
  dropIn,
  kernelCmdline,
  readDropIn,
  withoutGroups,
  withTokens,
  writeDropIn,
} from './default-files.ts';
import { tokensOf, type Grub } from './params.ts';
import { groupsOf, readState, type State } from './plan.ts';
import type { Seen } from './read.ts';
import { groupOf, pick, readToken, splitCmdline, tokenText, writeToken, type Token } from './tokens.ts';

/** The files with other arguments; null: no such file. `seen` is as it was read. */
export function editedFiles(p: Grub, seen: Seen, wanted: readonly string[]): ReadonlyMap<string, string | null> {
  const groups = changedGroups(pick(seen.defaults, groupsOf(p, seen)), wanted);
  const tokens = spelled(p, wanted).filter(({ key }) => groups.has(groupOf(key)));
  const files = new Map<string, string | null>();
  for (const [path, text] of seen.files) {
    if (path !== dropIn && path !== kernelCmdline) files.set(path, withoutGroups(text, groups));
  }
  if (seen.tool === 'update-grub') {
    const kept = readDropIn(seen.files.get(dropIn) ?? '').filter(({ key }) => !groups.has(groupOf(key)));
    files.set(dropIn, writeDropIn([...kept, ...tokens]));
  } else {
    files.set(defaults, withTokens(files.get(defaults) ?? '', tokens));
  }
  const cmdline = seen.files.get(kernelCmdline);
  if (cmdline !== undefined && seen.cmdline !== undefined)
    files.set(kernelCmdline, editCmdline(p, cmdline, wanted, groupsOf(p, seen)));
  return files;
}

// One line of arguments, which kernel-install gives to the next kernel.
function editCmdline(p: Grub, text: string, wanted: readonly string[], about: ReadonlySet<string>): string {
  const now = splitCmdline(text);
  const groups = changedGroups(pick(now, about), wanted);
  if (groups.size === 0) return text;
  const kept = now.filter(({ key }) => !groups.has(groupOf(key)));
  const tokens = spelled(p, wanted).filter(({ key }) => groups.has(groupOf(key)));
  return `${[...kept, ...tokens].map(writeToken).join(' ')}\n`;
}

/** Groups of which there is not what is wanted; those are taken out everywhere and put in anew, so that their order is right. */
function changedGroups(now: readonly Token[], wanted: readonly string[]): ReadonlySet<string> {
  const target = wanted.map(readToken);
  const all = new Set([...now, ...target].map(({ key }) => groupOf(key)));
  const differs = (group: string): boolean => {
    const only = new Set([group]);
    return pick(now, only).map(tokenText).join('\n') !== pick(target, only).map(tokenText).join('\n');
  };
  return new Set([...all].filter(differs));
}

// As the user spelled them: a module may want its dashes.
function spelled(p: Grub, wanted: readonly string[]): readonly Token[] {
  const own = new Map(tokensOf(p).map((token) => [tokenText(token), token]));
  return wanted.map((text) => own.get(text) ?? readToken(text));
}

const update = ({ tool = 'grub-mkconfig', config = '/boot/grub/grub.cfg' }: Seen): readonly string[] =>
  tool === 'update-grub' ? [tool] : [tool, '-o', config];

/** From `from` to `to`; `seen` is what was read before the change, also when it is taken back, `present` what is read then. */
export function grubSteps(p: Grub, from: State, to: Partial<State>, seen: Seen, present: Seen = seen): readonly Step[] {
  const steps =
    to.args === undefined || same(from.args, to.args) ? [] : fileSteps(p, from.args, to.args, seen, present);
  if (seen.tool === 'grubby') {
    return same(from.entries, to.entries) || to.entries === undefined
      ? steps
      : [...steps, grubby(p, from.entries, to.entries)];
  }
  return steps.length === 0 && same(from.entries, to.entries) ? [] : [...steps, exec(update(seen))];
}

const folder = '/etc/default/grub.d';

function fileSteps(
  p: Grub,
  from: readonly string[],
  to: readonly string[],
  seen: Seen,
  present: Seen,
): readonly Step[] {
  // Taking back: what was read is where we want to be, so the very files of then are put back.
  const read = readState(p, seen).args;
  const back = same(to, read) && !same(from, read);
  const edited = editedFiles(p, seen, back ? from : to);
  const steps = [...edited].flatMap(([path, changed]): readonly Step[] => {
    const before = seen.files.get(path) ?? null;
    const next = back ? before : changed;
    if (changed === before) return [];
    const own = path === dropIn && !seen.folder;
    // A folder that was made for it goes with it, unless somebody else has put something there.
    if (next === null) return [remove(path), ...(own ? [exec(['rmdir', folder], { ok: [1] })] : [])];
    const parent = own ? [exec(['mkdir', '-p', folder])] : [];
    return [...parent, write(path, next, path === kernelCmdline ? {} : { validate: ['sh', '-n', '%s'] })];
  });
  return back ? [...steps, ...strays(from, seen, present, edited)] : steps;
}

/**
 * Where the change that is taken back was an undo itself, arguments stand where they stood before either: in files of others
 * that, as they were read, had none of them.
 */
function strays(
  from: readonly string[],
  seen: Seen,
  present: Seen,
  edited: ReadonlyMap<string, string | null>,
): readonly Step[] {
  const groups = new Set(from.map((text) => groupOf(readToken(text).key)));
  return [...present.files].flatMap(([path, text]): readonly Step[] => {
    const before = seen.files.get(path);
    // A file that the edit touches has been put back as a whole.
    const whole = path === dropIn || path === kernelCmdline || before === undefined || edited.get(path) !== before;
    const clean = whole ? text : withoutGroups(text, groups);
    return clean === text ? [] : [write(path, clean, { validate: ['sh', '-n', '%s'] })];
  });
}

function grubby(p: Grub, from: readonly string[], to: readonly string[]): Step {
  const groups = changedGroups(from.map(readToken), to);
  const changed = (texts: readonly string[]): readonly Token[] =>
    spelled(p, texts).filter(({ key }) => groups.has(groupOf(key)));
  const [gone, come] = [changed(from), changed(to)];
  // A name alone takes out all its values, of entries too that do not agree with the others.
  const names = [...new Set([...gone, ...come].map(({ name }) => name))].join(' ');
  const kernel = p.kernel === 'all' ? 'ALL' : p.kernel === 'default' ? 'DEFAULT' : p.kernel;
  const add = come.length === 0 ? [] : [`--args=${come.map(writeToken).join(' ')}`];
  return exec(['grubby', `--update-kernel=${kernel}`, `--remove-args=${names}`, ...add]);
}

const same = (a: readonly string[] | undefined, b: readonly string[] | undefined): boolean =>
  JSON.stringify(a) === JSON.stringify(b);
