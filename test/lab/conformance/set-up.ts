import type { Host } from '../index.ts';
import type { ExampleCase } from './module-case.ts';
import type { ResourceSubject } from './subjects.ts';

interface Needs {
  readonly subject: Pick<ResourceSubject, 'table'>;
  readonly table: Pick<ExampleCase, 'setup'>;
}

/** What has to be there before the examples of several modules on one host that is rebooted. */
export async function setUp(host: Host, trials: readonly Needs[]): Promise<void> {
  for (const { subject, table } of trials) {
    const { rebootSetup, setup } = subject.table;
    for (const script of rebootSetup === undefined ? [setup, table.setup] : [rebootSetup]) {
      if (script !== undefined) await host.read(['sh', '-euc', script]);
    }
  }
}
