import { spawnSync } from 'node:child_process';
import type { Sandbox } from '../../../src/sdk/testing/sandbox.ts';
import type { Host } from '../index.ts';

/** A lab host as the helpers of `src/sdk/testing` take it: entered from outside, not through its sshd. */
export function hostSandbox(host: Host): Sandbox {
  const run: Sandbox['run'] = (script) => {
    const [command = '', ...args] = host.entering(['sh']);
    const done = spawnSync(command, args, { input: `(${script}\n)</dev/null`, maxBuffer: 1 << 28 });
    if (done.error !== undefined) throw done.error;
    return {
      stdout: done.stdout.toString(),
      stderr: done.stderr.toString(),
      code: done.status ?? 255,
      bytes: done.stdout,
    };
  };
  return {
    run,
    look: (script) => {
      const { stdout, stderr, code } = run(script);
      if (code !== 0) throw new Error(`${host.name}: ${script}: exit ${code}: ${stderr}`);
      return stdout;
    },
    close: () => {},
  };
}
