import { existsSync } from 'node:fs';
import { readFile, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { debianSources, debianSuite, dropUnused, ensureBase, packageList } from '../lab/base.ts';
import { withLock } from '../lab/lock.ts';
import { cacheDir } from '../lab/paths.ts';
import { layerPrint, runLayerScript } from './layers.ts';

/** What guests are made of, each made once and kept under the lab's cache. */
export interface GuestImage {
  /** The Debian root of the lab. */
  readonly base: string;
  /** A layer over it, with QEMU. */
  readonly tools: string;
  /** The disk guests start from. Nobody may write there: each has its own file over it. */
  readonly disk: string;
  /** `ssh-ed25519 AAAA…`, of every guest. */
  readonly hostKey: string;
}

const here = import.meta.dirname;

/**
 * Makes what is missing of QEMU and the guests' disk: about two minutes at first use, two gigabytes.
 * @throws where the backports of the Debian release, which have the QEMU that guests need, cannot be reached.
 */
export async function ensureImage(log: (line: string) => void = () => {}): Promise<GuestImage> {
  const base = await ensureBase(log);
  return await withLock(join(cacheDir(), 'vm.lock'), async () => {
    const tools = join(
      cacheDir(),
      `vm-tools-${layerPrint(base, ['tools-packages.txt', 'sh/layer.sh', 'sh/make-tools.sh'])}`,
    );
    if (!existsSync(tools)) await makeTools(base, tools, log);
    const parts = ['guest-packages.txt', 'sh/layer.sh', 'sh/make-image.sh', ...guestFiles];
    const image = join(cacheDir(), `vm-image-${layerPrint(tools, parts)}`);
    if (!existsSync(image)) await makeDisk(base, tools, image, log);
    for (const used of [tools, image]) await utimes(used, new Date(), new Date());
    await dropUnused();
    const [type, key] = (await readFile(join(image, 'ssh_host_ed25519_key.pub'), 'utf8')).split(' ');
    return { base, tools, disk: join(image, 'disk.raw'), hostKey: `${type} ${key}` };
  });
}

const guestFiles = [
  'default/grub',
  ...['mgmt0', 'data0', 'pf0'].map((nic) => `systemd/network/10-${nic}.link`),
  'systemd/system.conf.d/10-busy.conf',
].map((file) => `guest-files/etc/${file}`);

async function makeTools(base: string, out: string, log: (line: string) => void): Promise<void> {
  const suite = `${await debianSuite()}-backports`;
  log(`putting QEMU of ${suite} aside for the guests (once, a few seconds): ${out}`);
  const sources = await debianSources();
  const mirror = sources.split('\n').find((line) => line.split(' ')[2] === (suite.split('-')[0] ?? ''));
  if (mirror === undefined) throw new Error(`apt knows no source of ${suite.split('-')[0] ?? ''}`);
  const [deb, uri] = mirror.split(' ');
  try {
    await runLayerScript('sh/make-tools.sh', [base, out], `${sources}${deb} ${uri} ${suite} main\n`, [
      suite,
      ...(await packageList(join(here, 'tools-packages.txt'))),
    ]);
  } catch (error) {
    throw new Error(`guests need QEMU 8 or newer, which ${suite} has: it could not be had from ${uri}`, {
      cause: error,
    });
  }
}

async function makeDisk(base: string, tools: string, out: string, log: (line: string) => void): Promise<void> {
  log(`making the disk of the guests (once, about a minute): ${out}`);
  const packages = await packageList(join(here, 'guest-packages.txt'));
  await runLayerScript('sh/make-image.sh', [base, tools, out], await debianSources(), packages);
}
