import { refuse } from '../../src/sdk/index.ts';
import { iommuArgs } from './iommu.ts';
import { tokensOf, type Grub } from './params.ts';
import type { Entry, Seen } from './read.ts';
import { groupOf, isSacred, pick, readToken, tokenText, type Token } from './tokens.ts';

/** Kernel arguments that this task is about, as text in canonical order. */
export type State = {
  /** In the files that entries are made from; what kernels to come get. */
  args: string[];
  /** In the boot entries. */
  entries: string[];
  /** Of the kernel that runs. */
  running: string[];
};

/** The groups of arguments that this task is about. */
export function groupsOf(p: Grub, seen: Seen): ReadonlySet<string> {
  const named = tokensOf(p).map(({ key }) => groupOf(key));
  const iommu = p.iommu === undefined ? [] : [...iommuArgs(p.iommu, seen.iommu).keys()];
  const others = p.replace
    ? [...seen.defaults, ...entriesFor(p, seen).flatMap((entry) => entry.tokens)].flatMap(({ key }) =>
        isSacred(key) ? [] : [groupOf(key)],
      )
    : [];
  return new Set([...named, ...iommu, ...others]);
}

export function entriesFor(p: Grub, seen: Seen): readonly Entry[] {
  if (p.kernel === 'all') return seen.entries;
  const path = p.kernel === 'default' ? seen.defaultKernel : p.kernel;
  return seen.entries.filter((entry) => entry.kernel === path);
}

export const texts = (tokens: readonly Token[]): string[] => tokens.map(tokenText);

/**
 * Of several places that should say the same, the first that does not say what is wanted; where all do, the first.
 */
export function worst(p: Grub, seen: Seen, places: readonly (readonly Token[])[]): readonly Token[] {
  const groups = groupsOf(p, seen);
  const wrong = (tokens: readonly Token[]): boolean =>
    texts(pick(tokens, groups)).join('\n') !== texts(wantedTokens(p, seen, tokens)).join('\n');
  const [found = []] = [...places.filter(wrong), ...places];
  return found;
}

/** Arguments as the files have them that entries to come are made from. */
export const sourceTokens = (p: Grub, seen: Seen): readonly Token[] =>
  worst(p, seen, [seen.defaults, ...(seen.cmdline === undefined ? [] : [seen.cmdline])]);

export const entryTokens = (p: Grub, seen: Seen): readonly Token[] =>
  worst(
    p,
    seen,
    entriesFor(p, seen).map((entry) => entry.tokens),
  );

export function readState(p: Grub, seen: Seen): State {
  const groups = groupsOf(p, seen);
  return {
    args: texts(pick(sourceTokens(p, seen), groups)),
    entries: texts(pick(entryTokens(p, seen), groups)),
    running: texts(pick(seen.running, groups)),
  };
}

/** The arguments that should be there, of those that `tokens` has now. */
export function wantedTokens(p: Grub, seen: Seen, tokens: readonly Token[]): readonly Token[] {
  const groups = groupsOf(p, seen);
  const named = tokensOf(p);
  if (p.state === 'absent') {
    // A name alone goes with any value, a value only with this one.
    const gone = (token: Token): boolean =>
      named.some((other) => other.key === token.key && (other.value === undefined || other.value === token.value));
    return pick(tokens, groups).filter((token) => !gone(token));
  }
  const iommu = p.iommu === undefined ? [] : [...iommuArgs(p.iommu, seen.iommu).values()].flat();
  const own = new Set(named.map(({ key }) => groupOf(key)));
  return pick([...iommu.filter(({ key }) => !own.has(groupOf(key))), ...named], groups);
}

/** Refuses what cannot work before anything is written. */
export function checkHost(p: Grub, seen: Seen): void {
  if (seen.ostree) {
    throw refuse('this host is made of ostree images', 'use command: rpm-ostree kargs --append-if-missing=…');
  }
  if (seen.tool === undefined) {
    throw refuse(
      'no GRUB was found on this host (neither grubby nor update-grub nor grub2-mkconfig)',
      'set the arguments with its own boot loader',
    );
  }
  if (seen.tool !== 'grubby' && p.kernel !== 'all') {
    throw refuse(
      `kernel: ${p.kernel} needs grubby, which this host has not`,
      'leave kernel out: here all entries have the same arguments',
    );
  }
  if (entriesFor(p, seen).length === 0) {
    const known = seen.entries.map((entry) => entry.kernel).join(', ');
    throw refuse(
      p.kernel === 'all'
        ? `no boot entry was found${seen.config === undefined ? '' : ` in ${seen.config}`}`
        : `there is no boot entry for ${p.kernel}`,
      known === '' ? 'run update-grub or grub2-mkconfig on the host and look at what it says' : `known: ${known}`,
    );
  }
  for (const entry of entriesFor(p, seen)) {
    const groups = groupsOf(p, seen);
    const rest = entry.tokens.filter(({ key }) => !groups.has(groupOf(key)));
    // GRUB puts the path of the kernel before them. 2048 with a NUL at the end: COMMAND_LINE_SIZE of x86 and arm64.
    const image = seen.running.find(({ key }) => key === 'BOOT_IMAGE') ?? readToken(`BOOT_IMAGE=${entry.kernel}`);
    const bytes = Buffer.byteLength(texts([image, ...rest, ...wantedTokens(p, seen, entry.tokens)]).join(' '));
    if (bytes > 2047)
      throw refuse(`the command line would have ${bytes} bytes, the kernel takes 2047`, 'take out what is not needed');
  }
}
