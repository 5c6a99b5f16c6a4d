import { readFileSync } from 'node:fs';
import { delimiter } from 'node:path';
import { describe, expect, it } from 'vitest';
import { connectionOf } from './connection.ts';
import { loadInventory } from './load.ts';
import { inFolder, problemsOf, varsOf, type Files } from './test-folder.ts';

describe('-i vagrant', () => {
  const recorded = (name: string): string => readFileSync(new URL(`cases/vagrant/${name}`, import.meta.url), 'utf8');
  const withVagrant = (body: string, files: Files = {}) =>
    inFolder({ ...files, 'bin/vagrant': `#!/bin/sh\n${body}\n` }, (cwd) =>
      loadInventory(['vagrant'], {
        cwd,
        env: { ...process.env, PATH: `${cwd}/bin${delimiter}${process.env['PATH'] ?? ''}` },
      }),
    );

  it('asks vagrant ssh-config', async () => {
    const inventory = await withVagrant('[ "$*" = ssh-config ] && cat out', {
      out: recorded('ssh-config.txt'),
    });
    const specs = [...inventory.hosts.values()].map((host) => {
      const vars = varsOf(host);
      return connectionOf(host.name, { get: (name) => vars[name] }).spec;
    });
    expect(specs).toMatchObject([
      {
        host: 'kvm1',
        address: '127.0.0.1',
        port: 2222,
        user: 'vagrant',
        hostKeyChecking: 'no',
        privateKeyFile: '/tmp/vagrant.d/insecure_private_key',
      },
      { host: 'kvm2', address: '192.168.121.34', port: 22, privateKeyFile: '/tmp/lab/with space/key' },
      { host: 'kvm3', user: 'root', jump: 'admin@lab.example.net' },
      { host: 'kvm4', user: 'root', jump: 'admin@lab.example.net:2200' },
    ]);
  });

  it('says why vagrant would not', async () => {
    const [problem] = await problemsOf(() => withVagrant('cat why >&2; exit 1', { why: recorded('not-ready.txt') }));
    expect(problem).toMatch(
      /^vagrant ssh-config failed \(1\):\n {2}The provider for this Vagrant-managed machine is reporting that it\n/,
    );
    expect(problem).toMatch(/start the machines with "vagrant up" where the Vagrantfile is$/);
  });

  it('needs vagrant', async () => {
    const load = () => inFolder({}, (cwd) => loadInventory(['vagrant'], { cwd, env: { PATH: cwd } }));
    expect(await problemsOf(load)).toEqual([
      '-i vagrant needs vagrant, which is not installed; install vagrant, or give the path of an inventory to -i',
    ]);
  });

  it('needs a machine', async () => {
    expect(await problemsOf(() => withVagrant(':'))).toEqual([
      'vagrant ssh-config named no machine; start the machines with "vagrant up"',
    ]);
  });
});
