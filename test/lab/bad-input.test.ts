import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Host, Lab } from './index.ts';
import { at, folderOf, inventoryOf, playbook, playTasks, run, steady, type Shown } from './terminal.ts';
import { noLab, useLab } from './use-lab.ts';

/** What is said of a host, less the table at the end. */
function said(of: string, { stdout }: Shown): readonly string[] {
  const lines = stdout.split('\n');
  const table = lines.findIndex((line) => line.startsWith('host '));
  const rest = new RegExp(`^${of} +`);
  return lines.slice(0, table).flatMap((line) => (rest.test(line) ? line.replace(rest, '') : []));
}

const ping = '    - ping:\n';
const asRoot = '    - command: id -un\n      become: true\n';

describe.skipIf(noLab())('a host that cannot be used is told about, and the others go on', () => {
  type Vars = Readonly<Record<string, string | number>>;
  const cases: readonly (readonly [
    what: string,
    vars: (host: Host, lab: Lab) => Vars,
    tasks: string,
    code: number,
    lines: (host: Host) => readonly string[],
  ])[] = [
    [
      'a closed port',
      (host) => at(host, { kvmnet_port: 7 }),
      ping,
      4,
      ({ address }) => [
        'unreachable  ping',
        `cannot reach ${address} port 7: nothing listens there (connection refused)`,
        'hint: check kvmnet_host and kvmnet_port, and that sshd runs there',
      ],
    ],
    [
      'no such address',
      () => ({ kvmnet_host: '10.97.0.250', kvmnet_connect_timeout: 8 }),
      ping,
      4,
      () => [
        'unreachable  ping',
        'cannot reach 10.97.0.250: no route to it, or it is switched off (host unreachable)',
        'hint: check that it is switched on, its address (kvmnet_host), and the way to it (kvmnet_jump goes through another host)',
      ],
    ],
    [
      'no route',
      () => ({ kvmnet_host: '192.0.2.1' }),
      ping,
      4,
      () => [
        'unreachable  ping',
        'cannot reach 192.0.2.1: no route to its network',
        'hint: check that it is switched on, its address (kvmnet_host), and the way to it (kvmnet_jump goes through another host)',
      ],
    ],
    [
      'an account without a shell',
      (host) => at(host, { kvmnet_user: 'locked' }),
      ping,
      4,
      () => [
        'unreachable  ping',
        'logged in, but the host gives no /bin/sh: This account is currently not available.',
        'hint: kvmnet needs a POSIX shell, and a login user whose account may run commands',
      ],
    ],
    [
      'a wrong sudo password',
      (host) => at(host, { kvmnet_user: 'ops', kvmnet_become_password: 'wrong' }),
      asRoot,
      2,
      () => [
        'failed       command',
        'sudo refused the password',
        'hint: check kvmnet_become_password, or what was typed for --ask-become-pass',
        'task at site.yml:5',
      ],
    ],
    [
      'no sudo password',
      (host) => at(host, { kvmnet_user: 'ops' }),
      asRoot,
      2,
      () => [
        'failed       command',
        'sudo asks for a password to become root',
        'hint: give kvmnet_become_password or --ask-become-pass (-K), or allow it without a password on the host',
        'task at site.yml:5',
      ],
    ],
    [
      'a user who may not use sudo',
      (host) => at(host, { kvmnet_user: 'plain', kvmnet_become_password: 'plain-secret' }),
      asRoot,
      2,
      () => [
        'failed       command',
        'sudo did not give a shell of root: plain is not in the sudoers file.',
        'hint: allow the login user to become that user in the configuration of sudo',
        'task at site.yml:5',
      ],
    ],
  ];

  it.each(cases)('%s', async (_, vars, tasks, code, lines) => {
    const { lab, bare } = await useLab({ bare: 2 });
    const [bad, good] = bare as [Host, Host];
    const shown = await playTasks(lab, tasks, { bad: vars(bad, lab), good: at(good) });
    expect(shown).toMatchObject({ code, stderr: '' });
    expect(said('bad', shown)).toEqual(lines(bad));
    expect(shown.stdout).toMatch(new RegExp(`^1 host ok, 1 ${code === 4 ? 'unreachable' : 'failed'}, `, 'm'));
  });

  it('sudo that is not there', async () => {
    const { lab, bare } = await useLab({ bare: 2 });
    const [bad, good] = bare as [Host, Host];
    await bad.read(['mv', '/usr/bin/sudo', '/usr/bin/sudo.away']);
    try {
      const shown = await playTasks(lab, asRoot, { bad: at(bad, { kvmnet_user: 'auto' }), good: at(good) });
      expect(shown).toMatchObject({ code: 2, stderr: '' });
      expect(said('bad', shown)).toEqual([
        'failed       command',
        'sudo is not installed on the host',
        'hint: set kvmnet_become_method to sudo, su or doas, whichever the host has, or log in as that user',
        'task at site.yml:5',
      ]);
    } finally {
      await bad.read(['mv', '/usr/bin/sudo.away', '/usr/bin/sudo']);
    }
  });

  it('a refused key', async () => {
    const { lab, bare } = await useLab({ bare: 1 });
    const [host] = bare as [Host];
    const home = folderOf({});
    await lab.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', join(home, 'other')]);
    const vars = at(host, { kvmnet_private_key_file: join(home, 'other'), kvmnet_host_key_checking: 'no' });
    const shown = await playTasks(lab, ping, { bad: vars }, {}, [], { HOME: home });
    expect(shown).toMatchObject({ code: 4, stderr: '' });
    expect(said('bad', shown).map((line) => line.replaceAll(home, '~'))).toEqual([
      'unreachable  ping',
      `${host.address} refused to let root in: tried key ~/other (SHA256:…); the host accepts publickey, password`,
      'hint: check the user, and name a key (kvmnet_private_key_file) or give a password (kvmnet_password)',
    ]);
  });

  it('a key file that is not there', async () => {
    const { lab, bare } = await useLab({ bare: 1 });
    const [host] = bare as [Host];
    const home = folderOf({});
    const vars = at(host, { kvmnet_private_key_file: '~/nowhere', kvmnet_host_key_checking: 'no' });
    const shown = await playTasks(lab, ping, { bad: vars }, {}, [], { HOME: home });
    expect(shown).toMatchObject({ code: 4, stderr: '' });
    expect(said('bad', shown).map((line) => line.replaceAll(home, '~'))).toEqual([
      'unreachable  ping',
      `${host.address} refused to let root in: tried none; the host accepts publickey, password; ~/nowhere cannot be read: it does not exist`,
      'hint: check the user, and name a key (kvmnet_private_key_file) or give a password (kvmnet_password)',
    ]);
  });

  it('an unknown and a changed host key', async () => {
    const { lab, bare } = await useLab({ bare: 2 });
    const [host, other] = bare as [Host, Host];
    const home = folderOf({});
    const known = join(home, 'known_hosts');
    const config = `Host *\n  UserKnownHostsFile ${known}\n  GlobalKnownHostsFile /dev/null\n`;
    const cwd = folderOf({ 'hosts.json': inventoryOf(lab, { bad: at(host) }), 'site.yml': playbook(ping) });
    await lab.run(['mkdir', '-p', join(home, '.ssh')]);
    writeFileSync(join(home, '.ssh/config'), config);
    const play = async (): Promise<Shown> => run(lab, ['play', 'site.yml', '-i', 'hosts.json'], cwd, { HOME: home });
    const clean = (lines: readonly string[]): readonly string[] =>
      lines.map((line) => steady(line).replaceAll(home, '~'));
    writeFileSync(known, '');
    const unknown = await play();
    expect(unknown.code).toBe(4);
    expect(clean(said('bad', unknown))).toEqual([
      'unreachable  ping',
      `the host key of ${host.address} is not known (ssh-ed25519 SHA256:…)`,
      `hint: compare the fingerprint and add the key (ssh-keyscan -p 22 ${host.address} >> ~/known_hosts), or set kvmnet_host_key_checking: accept-new`,
    ]);
    const keys = await lab.run(['ssh-keyscan', '-t', 'ed25519', other.address]);
    writeFileSync(known, keys.stdout.replaceAll(other.address, host.address));
    const changed = await play();
    expect(changed.code).toBe(4);
    expect(clean(said('bad', changed))).toEqual([
      'unreachable  ping',
      `the host key of ${host.address} has changed: it shows ssh-ed25519 SHA256:…, but ~/known_hosts:1 knows ssh-ed25519 SHA256:…`,
      `hint: somebody may be listening in; if the host was installed anew: ssh-keygen -f "~/known_hosts" -R "${host.address}"`,
    ]);
  });
});

describe.skipIf(noLab())('a task that fails on a host', () => {
  it.each<[string, string, readonly string[]]>([
    [
      'a command',
      '    - command: ls --color=never /nowhere "a b"\n',
      [
        'failed       command',
        "exit code 2: ls: cannot access '/nowhere': No such file or directory",
        "ls: cannot access 'a b': No such file or directory",
        "$ ls --color=never /nowhere 'a b' (exit 2)",
        'task at site.yml:5',
      ],
    ],
    [
      'a command as a list of words',
      '    - command: { argv: [ls, "/no where"] }\n',
      [
        'failed       command',
        "exit code 2: ls: cannot access '/no where': No such file or directory",
        "$ ls '/no where' (exit 2)",
        'task at site.yml:5',
      ],
    ],
    [
      'a command that is not there',
      '    - command: no-such-program -x\n',
      [
        'failed       command',
        'exit code 127: no-such-program: not found',
        '$ no-such-program -x (exit 127)',
        '| /bin/sh: 17: exec: no-such-program: not found',
        'hint: is it installed, and in a folder of PATH?',
        'task at site.yml:5',
      ],
    ],
    [
      'a script',
      '    - shell: "echo out; echo err >&2; exit 3"\n',
      [
        'failed       shell',
        'exit code 3: err',
        '$ echo out; echo err >&2; exit 3 (exit 3)',
        '| out',
        'task at site.yml:5',
      ],
    ],
    [
      'one that does not end',
      '    - command: sleep 60\n      timeout: 1\n',
      ['failed       command', 'it did not end in time and was killed', '$ sleep 60 (exit 143)', 'task at site.yml:5'],
    ],
    [
      'a template that asks for what a command did not give',
      '    - command: { cmd: echo hi }\n      changed_when: false\n      register: r\n    - template: { src: x.hbs, dest: /tmp/x }\n',
      ['failed       template', '"r.nope" is undefined', 'at x.hbs:2:6', '2 | b {{ r.nope }}', '|      ^'],
    ],
  ])('%s', async (_, tasks, lines) => {
    const { lab, bare } = await useLab({ bare: 1 });
    const [host] = bare as [Host];
    const shown = await playTasks(lab, tasks, { bad: at(host) }, { 'x.hbs': 'a\nb {{ r.nope }}\n' });
    expect(shown).toMatchObject({ code: 2, stderr: '' });
    expect(said('bad', shown)).toEqual(lines);
  });

  it('/etc is read-only', async () => {
    const { lab, bare } = await useLab({ bare: 2 });
    const [bad, good] = bare as [Host, Host];
    const back = await bad.readOnly('/etc');
    try {
      const tasks =
        '    - file: { path: /etc/kvmnet-test, state: touch }\n    - copy: { content: x, dest: /etc/kvmnet-test }\n';
      const shown = await playTasks(lab, tasks.split('\n').slice(1).join('\n'), { bad: at(bad), good: at(good) });
      expect(shown).toMatchObject({ code: 2, stderr: '' });
      expect(said('bad', shown)).toEqual([
        'failed       copy',
        'cannot write /etc/kvmnet-test: Read-only file system',
        'hint: the host has mounted it read-only: dmesg may say why',
        'task at site.yml:5',
      ]);
      expect(await good.read(['cat', '/etc/kvmnet-test'])).toBe('x');
    } finally {
      await back();
      await good.read(['rm', '-f', '/etc/kvmnet-test']);
    }
    expect(await bad.read(['sh', '-c', 'ls -A /etc | grep kvmnet || :'])).toBe('');
  });

  it.each([
    ['a small file', `content: "${'x'.repeat(3000)}"`],
    ['a large one', `src: ${process.execPath}`],
  ])('the disk is full for %s: nothing of it is left, what was there stays', async (_, what) => {
    const { lab, bare } = await useLab({ bare: 1 });
    const [host] = bare as [Host];
    await host.read(['sh', '-c', 'mkdir -p /srv/full; echo old > /srv/full/file']);
    const back = await host.fillDisk('/srv/full');
    try {
      const shown = await playTasks(lab, `    - copy: { ${what}, dest: /srv/full/file }\n`, { bad: at(host) });
      expect(shown).toMatchObject({ code: 2, stderr: '' });
      expect(said('bad', shown)).toEqual([
        'failed       copy',
        'cannot write /srv/full/file: No space left on device',
        'hint: make room on the host: df -h shows what is full',
        'task at site.yml:5',
      ]);
      expect(await host.read(['sh', '-c', 'cat /srv/full/file; ls -A /srv/full /tmp'])).toBe(
        'old\n/srv/full:\n.full\nfile\n\n/tmp:\n',
      );
    } finally {
      await back();
      await host.read(['rm', '-rf', '/srv/full']);
    }
  });

  it('the disk for temporary files is full', async () => {
    const { lab, bare } = await useLab({ bare: 1 });
    const [host] = bare as [Host];
    const back = await host.fillDisk('/tmp');
    try {
      const shown = await playTasks(lab, `    - copy: { src: ${process.execPath}, dest: /srv/node }\n`, {
        bad: at(host),
      });
      expect(shown).toMatchObject({ code: 2, stderr: '' });
      expect(said('bad', shown).map((line) => line.replace(/kvmnet-\w+\/\w+/, '…'))).toEqual([
        'failed       copy',
        'cannot write /tmp/.… on the host: write error: No space left on device',
        'hint: make room on the host: df -h shows what is full',
        'task at site.yml:5',
      ]);
      expect(await host.read(['sh', '-c', 'ls -A /tmp; ls -A /srv'])).toBe('.full\n');
    } finally {
      await back();
    }
  });
});
