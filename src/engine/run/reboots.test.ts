import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { play as playFiles, type PlayTest } from '../testing/play.ts';

const files = {
  // Is there until the host comes up anew.
  'modules/note.ts': `import { z } from 'zod';
import { defineModule, exec, probeScript, sh } from 'kvmnet/sdk';
export const note = defineModule({
  name: 'note', summary: 's', params: z.strictObject({ dest: z.string() }), examples: [],
  probes: (p) => ({ there: probeScript(sh\`[ -e "$1" ]\`, [p.dest], (o) => o.code === 0) }),
  state: (seen) => ({ there: seen.there }),
  want: () => ({ there: true }),
  steps: (_, to, p) => [exec(['touch', p.dest])],
});`,
  // Waits for a reboot while the boot is not the one that is wanted.
  'modules/later.ts': `import { z } from 'zod';
import { defineModule, probeScript, sh } from 'kvmnet/sdk';
export const later = defineModule({
  name: 'later', summary: 's', params: z.strictObject({ boot: z.string() }), examples: [],
  probes: () => ({ boot: probeScript(sh\`cat /proc/sys/kernel/random/boot_id\`, [], (o) => o.stdout.trim()) }),
  state: (seen) => ({ boot: seen.boot }),
  want: (p) => ({ boot: p.boot }),
  steps: () => [],
  pending: (now, want) => now.boot === want.boot ? [] :
    [{ path: 'boot', reason: 'it is ' + now.boot + ', not ' + want.boot, until: 'reboot', cause: 'count again' }],
});`,
  // What the reboot module does, without a reboot.
  'modules/again.ts': `import { z } from 'zod';
import { defineAction, sh } from 'kvmnet/sdk';
export const again = defineAction({
  name: 'again', summary: 's', params: z.strictObject({}), effect: 'change', examples: [],
  run: async (p, host) => {
    const reasons = host.pending.list().map(({ reason }) => reason);
    await host.run([{ script: sh\`: now-reboot\`, args: [] }]);
    await host.connection.drop();
    await host.connection.tryReconnect(1);
    await host.run([{ script: sh\`:\`, args: [] }]);
    return { changed: true, data: { reasons, standing: await host.pending.verify() } };
  },
});`,
};

/** A part that says so makes its host come up anew, without what was there before. */
const play = (tasks: string, extraVars = {}): Promise<PlayTest> =>
  playFiles(`- hosts: all\n  tasks:\n${tasks}\n`, {
    files,
    options: { extraVars },
    prepare: (transport, folder) => {
      transport.onAnswer = (host, parts) => {
        if (!parts.some(({ script }) => script.includes('now-reboot'))) return;
        rmSync(join(folder, 'here'), { force: true });
        transport.reboot(host);
      };
    },
  });
const here = '    - note: { dest: "{{ dir }}/here" }\n';
const reboots = '    - { name: reboots, command: echo now-reboot, changed_when: false }\n';

describe('a host that comes up anew behind our back', () => {
  it('is looked at again, although the task had been read ahead', async () => {
    const { lines, recap } = await play(`${here}${reboots}${here}`);
    expect(lines).toEqual(['a: note: changed', 'a: reboots: ok', 'a: note: changed']);
    expect(recap.hosts['a']?.reboots).toBe(1);
  });

  it('gets no command that was worked out from what it was', async () => {
    const { lines } = await play(
      `    - set_vars: { old: "{{ facts.boot_id }}" }\n${reboots}    - { command: echo old, when: facts.boot_id == old }\n    - { command: echo new, when: facts.boot_id != old }`,
    );
    expect(lines).toEqual(['a: set_vars: ok', 'a: reboots: ok', 'a: command: skipped', 'a: command: changed']);
  });

  it('has what waited for a reboot looked at again', async () => {
    const mended = await play(`    - later: { boot: boot-2 }\n${reboots}    - command: echo on`);
    expect(mended.recap).toMatchObject({ pending: {}, hosts: { a: { reboots: 1, reboot_pending: 0 } } });
    const not = await play(`    - later: { boot: boot-9 }\n${reboots}    - command: echo on`);
    expect(not.recap.pending).toEqual({ a: [{ task: 'later', path: 'boot', reason: 'it is boot-2, not boot-9' }] });
    expect(not.events).toContainEqual({
      type: 'warning',
      host: 'a',
      message: 'it has rebooted; configured but not effective: it is boot-2, not boot-9 (later) (count again)',
    });
  });

  it('is asked nothing more where its connection was only lost', async () => {
    const { lines, recap } = await playFiles(`- hosts: all\n  tasks:\n${here}    - meta: reset_connection\n${here}`, {
      files,
    });
    expect(lines.filter((line) => line.includes('note'))).toEqual(['a: note: changed', 'a: note: ok']);
    expect(recap.hosts['a']?.reboots).toBe(0);
  });
});

describe('after a reboot that a task has asked for', () => {
  const tasks = (boot: string): string =>
    `    - later: { boot: ${boot} }\n    - name: other\n      later: { boot: ${boot} }\n    - { again: {}, register: done }\n    - later: { boot: ${boot} }`;

  it('the reasons are read again, with the facts and what comes next, in one round trip', async () => {
    const { tasks: ended, recap, transport } = await play(tasks('boot-2'));
    expect(ended.find(({ module }) => module === 'again')?.result).toEqual({
      reasons: ['it is boot-1, not boot-2', 'it is boot-1, not boot-2'],
      standing: [],
    });
    expect(recap.hosts['a']).toMatchObject({ ok: 3, changed: 1, reboots: 1, reboot_pending: 0 });
    // The first for all; the reboot; the first over the new connection, with the facts; the reasons and what comes next.
    expect(transport.requests.get('a')).toHaveLength(4);
  });

  it.each([
    ['the task gives it', {}, [undefined, 1]],
    ['kvmnet_connect_timeout gives it, where that is longer', { kvmnet_connect_timeout: 40 }, [40, 40]],
  ])('a login has the time that %s', async (_, extraVars, times) => {
    const { transport } = await play(`    - again: {}`, extraVars);
    expect(transport.loginTimes).toEqual(times);
  });

  it('those that stand go on waiting, with what may be the matter', async () => {
    const { tasks: ended, recap } = await play(tasks('boot-9'));
    const reason = 'it is boot-2, not boot-9';
    expect(ended.find(({ module }) => module === 'again')?.result?.['standing']).toEqual([
      { task: 'later', path: 'boot', reason, hint: 'count again' },
      { task: 'other', path: 'boot', reason, hint: 'count again' },
    ]);
    expect(recap.hosts['a']).toMatchObject({ reboots: 1, reboot_pending: 3 });
  });
});
