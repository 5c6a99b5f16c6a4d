import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadSubjects } from './conformance/subjects.ts';
import { main } from './play-on.ts';
import { run, type RunResult } from './process.ts';

const { subjects } = await loadSubjects();

/** Bad parameters are refused in plain words before anything connects: who listens where the host should be hears nothing. */
describe('bad parameters', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kvmnet-refusals-'));
  let trap: Server;
  let calls = 0;
  beforeAll(async () => {
    trap = createServer((socket) => {
      calls += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => {
      trap.listen(0, '127.0.0.1', resolve);
    });
    const { port } = trap.address() as AddressInfo;
    writeFileSync(
      join(folder, 'hosts.yml'),
      `all: { hosts: { far: { kvmnet_host: 127.0.0.1, kvmnet_port: ${port}, kvmnet_user: root } } }\n`,
    );
  });
  afterAll(() => {
    trap.close();
    rmSync(folder, { recursive: true });
  });

  beforeEach(() => {
    calls = 0;
  });

  const play = async (name: string, task: Readonly<Record<string, unknown>>): Promise<RunResult> => {
    const file = join(folder, `${name}.yml`);
    writeFileSync(file, JSON.stringify([{ hosts: 'all', gather_facts: false, tasks: [task] }], null, 2));
    const env = { HOME: folder, SSH_AUTH_SOCK: '', NO_COLOR: '1' };
    return await run(['node', main, 'play', file, '-i', join(folder, 'hosts.yml')], { env, cwd: folder });
  };

  it('good ones do connect', async () => {
    expect((await play('good', { ping: {} })).code).toBe(4);
    expect(calls).toBeGreaterThan(0);
  });

  it.each(subjects.flatMap(({ name, table }) => table.refuses.map((refusal, i) => ({ name, i, ...refusal }))))(
    '$name: $says',
    async ({ name, i, params, says }) => {
      const { code, stderr } = await play(`${name}-${i}`, { [name]: params });
      const mistakes = [...stderr.matchAll(/^(?:\S+:\d+:\d+: )?error: (.*)$/gm)].map(([, text]) => text);
      expect(mistakes).toEqual([says]);
      expect({ code, calls }).toEqual({ code: 1, calls: 0 });
    },
  );
});
