import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeClientFiles } from '../lab/client-files.ts';
import type { LabHandle } from '../lab/handle.ts';
import type { GuestImage } from './image.ts';

/** What is known of a guest, in its folder of the lab. */
export interface GuestRecord {
  readonly name: string;
  /** Of the lab's hosts and guests together, never used twice. */
  readonly index: number;
  /** On the management link. */
  readonly address: string;
  readonly memoryMb: number;
  readonly cpus: number;
  /** The segments of `data0` and `pf0`; `none` leaves a link without a neighbour. */
  readonly data: string;
  readonly pf: string;
  readonly hostKey: string;
}

const guestsDir = (lab: LabHandle): string => join(lab.dir, 'guests');

/** All guests of a lab, in kvmnet's YAML form: group `guests`. */
export const guestInventoryPath = (lab: LabHandle): string => join(lab.dir, 'guests.yml');

export function readGuests(lab: LabHandle): readonly GuestRecord[] {
  const names = existsSync(guestsDir(lab)) ? readdirSync(guestsDir(lab)) : [];
  return names
    .map((name) => join(guestsDir(lab), name, 'guest.json'))
    .filter((file) => existsSync(file))
    .map((file) => JSON.parse(readFileSync(file, 'utf8')) as GuestRecord);
}

/** Keeps a guest's record, and what the shell side must know of it. */
export async function writeGuest(lab: LabHandle, guest: GuestRecord, image: GuestImage): Promise<void> {
  const folder = join(guestsDir(lab), guest.name);
  await mkdir(folder, { recursive: true });
  const settings = {
    index: guest.index,
    data: guest.data,
    pf: guest.pf,
    memory: guest.memoryMb,
    cpus: guest.cpus,
    base: image.base,
    tools: image.tools,
    image: dirname(image.disk),
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}='${value}'\n`);
  await writeFile(join(folder, 'settings'), lines.join(''));
  await writeFile(join(folder, 'guest.json'), `${JSON.stringify(guest, null, 2)}\n`);
  await writeGuestFiles(lab);
}

/** Writes what clients need to reach all guests: their host keys and kvmnet's inventory. */
export async function writeGuestFiles(lab: LabHandle): Promise<void> {
  const guests = readGuests(lab);
  await writeFile(
    join(lab.dir, 'more_known_hosts'),
    guests.map((g) => `${g.name},${g.address} ${g.hostKey}\n`).join(''),
  );
  await writeClientFiles(lab);
  const hosts = guests.map((g) => `        ${g.name}: { kvmnet_host: ${g.address} }`);
  await writeFile(
    guestInventoryPath(lab),
    [
      'all:',
      '  vars:',
      '    kvmnet_user: root',
      // An emulated machine on a busy one.
      '    kvmnet_connect_timeout: 120',
      `    kvmnet_private_key_file: ${JSON.stringify(lab.privateKeyPath)}`,
      ...(hosts.length === 0 ? [] : ['  children:', '    guests:', '      hosts:', ...hosts]),
      '',
    ].join('\n'),
  );
}
