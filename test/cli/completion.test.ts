import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { kvmnet, localInventory, program, project } from './kvmnet.ts';

const files = {
  'inventories/prod.yml': localInventory('kvm01', 'kvm02', 'edge'),
  'bin/kvmnet': `#!/bin/sh\nexec ${process.execPath} ${program} "$@"\n`,
};

/** What bash would offer for a line, the cursor at its end. */
async function inBash(line: string): Promise<readonly string[]> {
  const cwd = project(files);
  const script = `
    chmod +x bin/kvmnet
    PATH=$PWD/bin:$PATH
    source <(kvmnet completion bash)
    COMP_LINE=$1 COMP_POINT=\${#1}
    _kvmnet
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await execa('bash', ['--norc', '-c', script, 'bash', line], { cwd });
  return stdout.split('\n').filter((word) => word !== '');
}

describe('completion in bash', () => {
  it.each<[string, readonly string[]]>([
    ['kvmnet pl', ['play']],
    ['kvmnet sysc', ['sysctl']],
    ['kvmnet play --list-', ['--list-hosts', '--list-tasks', '--list-tags']],
    ['kvmnet play site.yml -i ', ['prod']],
    ['kvmnet play site.yml --reboot a', ['auto', 'ask']],
    ['kvmnet facts -i prod kvm', ['kvm01', 'kvm02']],
    ['kvmnet ping -i prod all:!e', ['!edge']],
    ['kvmnet play site.yml -i prod --limit=ed', ['edge']],
    ['kvmnet file all --state li', ['link']],
    ['kvmnet copy all --des', ['--dest']],
    ['kvmnet doc line_', ['line_in_file']],
    ['kvmnet vault ed', ['edit']],
    ['kvmnet completion f', ['fish']],
    ['kvmnet nonsense --x', []],
  ])('%s', async (line, words) => {
    expect(await inBash(line)).toEqual(words);
  });
});

const fish = (process.env['PATH'] ?? '')
  .split(':')
  .map((folder) => join(folder, 'fish'))
  .find((path) => existsSync(path));

describe.runIf(fish !== undefined)('completion in fish', () => {
  it('offers the same, with explanations', async () => {
    const cwd = project(files);
    const script =
      'chmod +x bin/kvmnet; set -x PATH $PWD/bin $PATH; kvmnet completion fish | source; complete -C "kvmnet vault ed"';
    const { stdout } = await execa(fish ?? '', ['--no-config', '-c', script], {
      cwd,
      env: { HOME: join(cwd, 'home') },
    });
    expect(stdout).toBe('edit\topen an encrypted file in $EDITOR');
  });
});

it('there is a script for zsh as well', async () => {
  expect((await kvmnet(['completion', 'zsh'])).stdout).toMatch(/^#compdef kvmnet\n/);
});
