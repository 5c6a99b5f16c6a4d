/** Who has the lock of a host, or waits there for a confirmation, as far as the host tells. */
export interface Holder {
  readonly what: 'held' | 'trying' | 'window' | 'undone';
  /** Process of its shell on the host; 0 where there is none. */
  readonly pid: number;
  /** One line for people: which run of whom, since when, from where. */
  readonly text: string;
}

interface HolderWords {
  readonly run: string;
  readonly since: Date;
  /** The person and the machine: `alice@ctl (process 4711)`. */
  readonly who: string;
}

/** What a claim says of its run: one line without control characters. Read again by {@link readAnswer}. */
export const holderWords = ({ run, since, who }: HolderWords): string =>
  printable(`${run} ${since.toISOString().replace(/\.\d+/, '')} ${who}`);

interface LockAnswer {
  /** What the shell was given. */
  readonly claim: string | undefined;
  readonly holders: readonly Holder[];
}

/** Reads what the host prints about the lock. What it says of others somebody else has written. */
export function readAnswer(output: string): LockAnswer {
  const lines = output.split('\n').filter((line) => line !== '');
  const claim = lines.find((line) => line.startsWith('have /'))?.slice('have '.length);
  const holders = lines.filter((line) => !line.startsWith('have ')).map(readHolder);
  return { claim, holders };
}

function readHolder(line: string): Holder {
  const [what = '', pid = '', address = '', run = '', since = '', ...who] = printable(line).split(' ');
  return { what: kindOf(what), pid: Number.parseInt(pid, 10) || 0, text: describe(address, run, since, who.join(' ')) };
}

const kindOf = (what: string): Holder['what'] =>
  what === 'window' || what === 'undone' || what === 'trying' ? what : 'held';

function describe(address: string, run: string, since: string, who: string): string {
  if (run === '') return 'a run of which nothing is known';
  const from = address === '-' ? '' : `, from ${address}`;
  return `run ${run} of ${who}, since ${since.replace('T', ' ').replace('Z', ' UTC')}${from}`;
}

const printable = (text: string): string => text.replace(/[\p{Cc}\p{Cf}]/gu, '?').slice(0, 400);
