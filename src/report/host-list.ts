/** So many pieces are spelled out; of more, the first ones and a count. */
const maxPieces = 4;

/**
 * Names of hosts in few words, ranges as an inventory has them: `kvm01`, `kvm[01:50]`, `kvm[01:03],edge1`;
 * `kvm01,kvm05,kvm09,… (17 hosts)` where they do not hang together.
 */
export function hostList(names: readonly string[]): string {
  const pieces = ranges(names);
  if (pieces.length <= maxPieces) return pieces.join(',');
  return `${pieces.slice(0, maxPieces - 1).join(',')},… (${names.length} hosts)`;
}

interface Run {
  readonly before: string;
  readonly after: string;
  readonly width: number;
  readonly first: number;
  last: number;
}

function ranges(names: readonly string[]): readonly string[] {
  const runs: (Run | string)[] = [];
  for (const name of names.toSorted()) {
    // The last number of the name counts: rack2-kvm07.example.org.
    const [, before = '', digits = '', after = ''] = /^(.*?)(\d+)(\D*)$/.exec(name) ?? [];
    const previous = runs.at(-1);
    if (digits === '' || digits.length > 9) runs.push(name);
    else if (typeof previous === 'object' && follows(previous, before, digits, after)) previous.last += 1;
    else runs.push({ before, after, width: digits.length, first: Number(digits), last: Number(digits) });
  }
  return runs.map((run) => (typeof run === 'string' ? run : runText(run)));
}

const follows = (run: Run, before: string, digits: string, after: string): boolean =>
  run.before === before && run.after === after && run.width === digits.length && Number(digits) === run.last + 1;

function runText({ before, after, width, first, last }: Run): string {
  const number = (n: number): string => String(n).padStart(width, '0');
  return first === last ? `${before}${number(first)}${after}` : `${before}[${number(first)}:${number(last)}]${after}`;
}
