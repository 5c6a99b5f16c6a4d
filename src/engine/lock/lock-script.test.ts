import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hasLock, leaveLock, LOCKED, LOST, NO_PLACE, takeLock } from './lock-script.ts';

const shells = [
  ['dash', ['/usr/bin/dash']],
  ['bash', ['/bin/bash', '--posix']],
  ['busybox', ['busybox', 'sh']],
] as const;
const installed = shells.filter(([, [program]]) => ['', '/bin/', '/usr/bin/'].some((dir) => existsSync(dir + program)));

/** A shell that stays, as the transport keeps one; each request runs in a subshell. */
class Kept {
  readonly #child: ChildProcess;
  #out = '';

  constructor(argv: readonly string[], farewell = '') {
    const [program = '', ...args] = argv;
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'] });
    this.#child.stdout?.on('data', (chunk: Buffer) => (this.#out += chunk.toString()));
    this.#child.stdin?.write(`trap '${farewell.replaceAll("'", `'\\''`)}' EXIT\n`);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async run(script: string): Promise<{ readonly code: number; readonly out: string }> {
    this.#out = '';
    this.#child.stdin?.write(`( ${script}\n) </dev/null 2>&1; echo "end $?"\n`);
    for (;;) {
      if (this.#child.signalCode !== null) throw new Error('killed');
      const match = /^end (\d+)\n$/m.exec(this.#out);
      if (match !== null) return { code: Number(match[1]), out: this.#out.slice(0, match.index) };
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  async end(how: 'eof' | 'kill'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const closed = once(this.#child, 'close');
    if (how === 'eof') this.#child.stdin?.end();
    else this.#child.kill('SIGKILL');
    await closed;
  }
}

describe.each(installed)('the lock of a host, with %s', (_, argv) => {
  let folder = '';
  const open: Kept[] = [];
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'kvmnet-lock-'))));
  afterEach(async () => {
    await Promise.all(open.splice(0).map((shell) => shell.end('kill')));
    rmSync(folder, { recursive: true });
  });

  const shell = (token: string): Kept => {
    const kept = new Kept(argv, leaveLock({ token, folder }));
    open.push(kept);
    return kept;
  };
  const take = (token: string, words = `words of ${token}`): string => takeLock({ token, words, folder });
  const left = (): readonly string[] => readdirSync(folder, { recursive: true }).map(String);

  it('is had by one run at a time, which can ask for it again and from another shell', async () => {
    const [a, also, b] = [shell('aa'), shell('aa'), shell('bb')];
    expect(await a.run(take('aa'))).toEqual({
      code: 0,
      out: expect.stringMatching(/^have \/\S+\/aa\.\d+\.\d+\n$/) as string,
    });
    expect(await a.run(take('aa'))).toEqual({
      code: 0,
      out: expect.stringMatching(/^have \/\S+\/aa\.\d+\.\d+\n$/) as string,
    });
    expect(await also.run(take('aa'))).toEqual({ code: 0, out: '' });
    expect(await b.run(take('bb'))).toEqual({ code: LOCKED, out: `held ${a.pid} - words of aa\n` });
    await a.end('eof');
    expect(left()).toEqual([]);
    expect((await b.run(take('bb'))).code).toBe(0);
    expect((await also.run(take('aa'))).out).toBe(`held ${b.pid} - words of bb\n`);
  });

  it('is asked for in short by the shell that has it', async () => {
    const [a, b] = [shell('aa'), shell('aa')];
    const claim = (await a.run(take('aa'))).out.trim().replace('have ', '');
    expect((await a.run(hasLock(claim))).code).toBe(0);
    expect((await b.run(hasLock(claim))).code).toBe(LOST);
    rmSync(`${claim}.held`);
    expect((await a.run(hasLock(claim))).code).toBe(LOST);
  });

  it('goes with a shell that is killed', async () => {
    const [a, b] = [shell('aa'), shell('bb')];
    await a.run(take('aa'));
    await a.end('kill');
    expect(left()).toHaveLength(3);
    expect((await b.run(take('bb'))).code).toBe(0);
    await b.end('eof');
    expect(left()).toEqual([]);
  });

  it('is not held by a claim of another boot, of another process with the same number, or one half removed', async () => {
    const place = join(folder, `.kvmnet.lock-${process.getuid?.() ?? 0}`);
    mkdirSync(place);
    const me = process.pid;
    writeFileSync(join(place, `cc.${me}.1`), '- - another start\n');
    writeFileSync(join(place, `cc.${me}.1.held`), '');
    writeFileSync(join(place, `dd.${me}.2.held`), '');
    const a = shell('aa');
    expect((await a.run(take('aa'))).code).toBe(0);
    await a.end('eof');
    expect(left()).toEqual([]);
  });

  it('says why where there is no place for it', async () => {
    rmSync(folder, { recursive: true });
    writeFileSync(folder, '');
    const { code, out } = await shell('aa').run(take('aa'));
    expect(code).toBe(NO_PLACE);
    expect(out).toMatch(/not a directory/i);
  });

  it('is had by one of many that try at once, whatever dies on the way', async () => {
    const tries = 6;
    let inside = 0;
    let most = 0;
    let had = 0;
    const contend = async (token: string): Promise<void> => {
      for (let i = 0; i < tries; i++) {
        const kept = shell(token);
        const taking = kept.run(take(token));
        taking.catch(() => {});
        // Some die in the middle of it.
        if (i % 3 === 2) {
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 15));
          await kept.end('kill');
          continue;
        }
        if ((await taking).code === 0) {
          inside += 1;
          most = Math.max(most, inside);
          had += 1;
          await new Promise((resolve) => setTimeout(resolve, 5));
          inside -= 1;
        }
        await kept.end('eof');
      }
    };
    await Promise.all(['aa', 'bb', 'cc', 'dd', 'ee'].map(contend));
    expect(most).toBe(1);
    expect(had).toBeGreaterThan(0);
    const last = shell('zz');
    expect((await last.run(take('zz'))).code).toBe(0);
    await last.end('eof');
    expect(left()).toEqual([]);
  });
});
