import { writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { createRegistry, runPlaybooks } from '../../src/engine/index.ts';
import { loadInventory } from '../../src/inventory/index.ts';
import { createVault } from '../../src/lang/index.ts';
import { loadPlaybook } from '../../src/playbook/index.ts';
import { createTransport } from '../../src/transport/index.ts';
import type { Transport } from '../../src/transport/types.ts';

// Writes down what kvmnet reads on one converged host, as one script: the work that the floor has to do as well.
// Usage: tsx record.ts PLAYBOOK INVENTORY HOST HOME OUT
const [playbook = '', inventory = '', host = '', home = '', out = ''] = process.argv.slice(2);

const scripts: string[] = [];
const transport = createTransport({ home, user: 'root', env: {} });
const recording: Transport = {
  async connect(spec, options) {
    const connection = await transport.connect(spec, options);
    return new Proxy(connection, {
      get(target, name) {
        if (name !== 'shell') return bind(target, Reflect.get(target, name, target));
        return (...args: Parameters<typeof target.shell>) => {
          const shell = target.shell(...args);
          return {
            request: (...request: Parameters<typeof shell.request>) => {
              scripts.push(...request[0].map((part) => part.script));
              return shell.request(...request);
            },
          };
        };
      },
    });
  },
};

const bind = (target: object, value: unknown): unknown =>
  typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value;

const registry = createRegistry();
const outcome = await runPlaybooks({
  playbooks: [await loadPlaybook(playbook, { modules: registry })],
  inventory: await loadInventory([inventory], { cwd: process.cwd(), playbookDir: dirname(resolve(playbook)) }),
  registry,
  transport: recording,
  vault: createVault([]),
  options: {
    check: false,
    diff: false,
    forks: 50,
    limit: host,
    tags: [],
    skipTags: [],
    extraVars: {},
    become: {},
    step: false,
    rebootPolicy: 'never',
    confirm: { enabled: true, windowSeconds: 60 },
  },
  emit: () => undefined,
  ask: () => Promise.resolve(undefined),
  signal: new AbortController().signal,
});
if (outcome.failed || outcome.unreachable || outcome.changed) throw new Error('the host is not converged');
writeFileSync(out, scripts.map((script) => `(${script}\n) </dev/null\n`).join(''));
