import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { run } from './process.ts';
import { noLab } from './use-lab.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe.skipIf(noLab())('npm run demo', () => {
  it('plays the reference playbook twice: first it changes things, then it has nothing to do', async () => {
    const { code, stdout, stderr } = await run(['npm', 'run', '--silent', 'demo'], { cwd: root, timeout: 300 });
    expect({ code, stderr: code === 0 ? '' : stderr, stdout: code === 0 ? '' : stdout }).toEqual({
      code: 0,
      stderr: '',
      stdout: '',
    });
    const [, first = '', second = ''] = stdout.split('$ kvmnet play');
    expect(first).toMatch(/3 hosts ok, \d+ changed/);
    expect(second).toMatch(/3 hosts ok, nothing to change/);
  });
});
