import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/engine/index.ts';
import { main } from '../../lab/play-on.ts';
import { VagrantPlace } from './place.ts';

// `npm run test:vagrant`: real machines (emulated) under Vagrant, through `-i vagrant` alone. Each step builds on the one before.

const site = '../../../playbooks/site.yml';
const names = ['hv1', 'hv2'];
/** Two machines are emulated and share two cores with whatever else runs: a boot takes a minute, or twenty. */
const minutes = (n: number): number => n * 60_000;

describe('two hypervisors under Vagrant', { timeout: minutes(90) }, () => {
  let place: VagrantPlace;
  beforeAll(async () => {
    place = await VagrantPlace.open(console.log);
  }, minutes(30));
  afterAll(async () => {
    await place?.close();
  }, minutes(2));

  const kvmnet = async (...words: readonly string[]) => {
    const argv = ['node', main, ...words, '-i', 'vagrant', '-i', 'inventory.yml', '--report', 'jsonl'];
    const { code, stdout, stderr } = await place.run(argv, { timeout: 4500 });
    const events = stdout
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as RunEvent);
    const recap = events.findLast((event) => event.type === 'recap')?.hosts ?? {};
    if (code > 1) console.log(`${stdout}\n${stderr}`);
    return { code, recap, said: `${stdout}\n${stderr}` };
  };
  const onGuest = async (name: string, script: string): Promise<string> =>
    await place.must(['vagrant', 'ssh', name, '-c', `sudo sh -euc '${script}'`], { timeout: 600 });

  it('come up, and -i vagrant finds them', async () => {
    await place.must(['vagrant', 'up', '--no-color'], { timeout: 4500 });
    const { code } = await kvmnet('ping', 'kvm');
    expect(code).toBe(0);
  });

  it('take site.yml, with the reboot that its kernel arguments need', async () => {
    const { code, recap } = await kvmnet('play', site);
    expect(code).toBe(0);
    for (const name of names) {
      expect(recap[name]).toMatchObject({ failed: 0, reboots: 1, reboot_pending: false });
      expect(await onGuest(name, 'cat /proc/cmdline')).toContain('iommu=pt');
    }
  });

  it('carry the tenants between them', async () => {
    await onGuest('hv1', 'ip address add 172.31.7.1/24 dev br-blue');
    await onGuest('hv2', 'ip address add 172.31.7.2/24 dev br-blue');
    expect(await onGuest('hv1', 'ping -c 3 -i 0.3 -W 5 172.31.7.2')).toContain(' 0% packet loss');
    await onGuest('hv1', 'ip address del 172.31.7.1/24 dev br-blue');
    await onGuest('hv2', 'ip address del 172.31.7.2/24 dev br-blue');
  });

  it('know one another as neighbours of OSPF', async () => {
    const neighbours = (name: string) => async (): Promise<string> =>
      await onGuest(name, 'vtysh -c "show ip ospf neighbor"');
    await expect.poll(neighbours('hv1'), { timeout: minutes(5), interval: 2000 }).toMatch(/192\.168\.77\.12 .*Full/);
    await expect.poll(neighbours('hv2'), { timeout: minutes(5), interval: 2000 }).toMatch(/192\.168\.77\.11 .*Full/);
  });

  it('need nothing after a reboot behind its back', async () => {
    const before = await Promise.all(names.map((name) => onGuest(name, 'cat /proc/sys/kernel/random/boot_id')));
    await place.must(['vagrant', 'reload', '--no-color'], { timeout: 4500 });
    const after = await Promise.all(names.map((name) => onGuest(name, 'cat /proc/sys/kernel/random/boot_id')));
    for (const [i, id] of after.entries()) expect(id).not.toBe(before[i]);
    const { code, recap } = await kvmnet('play', site, '--check', '--exit-code');
    expect(code).toBe(0);
    for (const name of names) expect(recap[name]).toMatchObject({ would_change: 0, failed: 0, reboot_pending: false });
  });

  it('are gone after "vagrant destroy", and -i vagrant says so', async () => {
    await place.must(['vagrant', 'destroy', '-f'], { timeout: 600 });
    const { code, said } = await kvmnet('ping', 'kvm');
    expect(code).toBe(1);
    expect(said).toContain('start the machines with "vagrant up"');
  });
});
