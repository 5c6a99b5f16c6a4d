import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { debianSources, packageList } from '../../lab/base.ts';
import { withLock } from '../../lab/lock.ts';
import { cacheDir, labRoot } from '../../lab/paths.ts';
import { run, until, type RunOptions, type RunResult } from '../../lab/process.ts';
import { ensureImage, type GuestImage } from '../image.ts';
import { layerPrint, runLayerScript } from '../layers.ts';

const here = import.meta.dirname;
const repository = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');

/**
 * Where Vagrant, libvirt and kvmnet run together, apart from the machine: a Debian root of its own with a network, mounts and processes of
 * its own. The repository is seen there under its own path. It ends with this process, however that ends.
 */
export class VagrantPlace {
  readonly #work: string;
  readonly #keeper: ChildProcess;
  readonly #pid: string;

  private constructor(work: string, keeper: ChildProcess, pid: string) {
    this.#work = work;
    this.#keeper = keeper;
    this.#pid = pid;
  }

  /** Makes what is missing (the guests' disk, the layer with Vagrant: two minutes at first use) and starts libvirt. */
  static async open(log: (line: string) => void): Promise<VagrantPlace> {
    const image = await ensureImage(log);
    const layer = await ensureLayer(image, log);
    const work = await mkdtemp(join(labRoot(), 'vagrant-'));
    const lower = [layer, image.tools, image.base].join(':');
    const shared = join(work, 'shared');
    await mkdir(shared);
    const seen = [repository, process.execPath, image.disk, shared];
    const argv = ['--mount', '--propagation', 'private', 'sh', join(here, 'session.sh'), work, lower, ...seen];
    const keeper = spawn('unshare', argv, { stdio: ['pipe', 'ignore', 'pipe'] });
    let said = '';
    keeper.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const ready = join(work, 'ready');
    await until('libvirt to start', 60, () => {
      if (keeper.exitCode !== null) throw new Error(`no place for Vagrant: ${said}`);
      return existsSync(ready) || undefined;
    });
    const place = new VagrantPlace(work, keeper, readFileSync(ready, 'utf8').trim());
    log('making the Vagrant box');
    await place.must(['sh', join(here, 'make-box.sh'), image.disk, join(shared, 'box')], { timeout: 1200 });
    await place.must(['vagrant', 'box', 'add', '--name', 'kvmnet-lab', join(shared, 'box/kvmnet-lab.box')], {
      timeout: 600,
    });
    return place;
  }

  /** A command there, in the folder of the Vagrantfile. */
  async run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    const shared = join(this.#work, 'shared');
    const environment = [
      'PATH=/usr/sbin:/usr/bin:/sbin:/bin',
      'HOME=/root',
      'NO_COLOR=1',
      `VAGRANT_HOME=${shared}/home`,
      `VAGRANT_DOTFILE_PATH=${shared}/state`,
      `KVMNET_BOX_KEY=${shared}/box/key`,
      ...Object.entries(options.env ?? {}).map(([name, value]) => `${name}=${value}`),
    ];
    const enter = ['nsenter', '-t', this.#pid, '-m', '-n', '-p', 'chroot', join(this.#work, 'root')];
    return await run([...enter, 'env', '-i', '-C', here, ...environment, ...argv], options);
  }

  /** The same for one that must succeed. @returns what it printed. */
  async must(argv: readonly string[], options?: RunOptions): Promise<string> {
    const { code, stdout, stderr } = await this.run(argv, options);
    if (code !== 0) throw new Error(`${argv.join(' ')}: exit ${code}\n${quiet(stdout)}\n${quiet(stderr)}`);
    return stdout;
  }

  /** Ends all that runs there and removes it. */
  async close(): Promise<void> {
    const gone = new Promise((resolve) => this.#keeper.once('close', resolve));
    this.#keeper.stdin?.end();
    if (this.#keeper.exitCode === null) await gone;
    await rm(this.#work, { recursive: true, force: true });
  }
}

/** Without the thousand lines of a progress bar. */
const quiet = (text: string): string => text.replaceAll(/[^\n]*Progress: \d+%[^\n]*/g, '').trim();

async function ensureLayer(image: GuestImage, log: (line: string) => void): Promise<string> {
  return await withLock(join(cacheDir(), 'vm.lock'), async () => {
    const print = layerPrint(image.tools, ['vagrant/packages.txt', 'vagrant/make-layer.sh', 'sh/layer.sh']);
    const layer = join(cacheDir(), `vm-vagrant-${print}`);
    if (!existsSync(layer)) {
      log(`putting Vagrant and libvirt aside (once, half a minute): ${layer}`);
      const packages = await packageList(join(here, 'packages.txt'));
      const folders = [image.base, image.tools, layer];
      await runLayerScript('vagrant/make-layer.sh', folders, await debianSources(), packages);
    }
    await utimes(layer, new Date(), new Date());
    return layer;
  });
}
