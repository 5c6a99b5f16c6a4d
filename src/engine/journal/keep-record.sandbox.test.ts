import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileStep } from '../../sdk/compile.ts';
import { write } from '../../sdk/index.ts';
import { createSandbox, type Sandbox } from '../../sdk/testing/sandbox.ts';
import { testShells } from '../../sdk/testing/shells.ts';
import { keepScript } from './keep-record.ts';
import { dayOfRuns } from './run-id.ts';

const record = { text: 'H4sI+/=', sha256: '', bytes: 7 };
const store = '/var/lib/kvmnet/undo';

describe.each(testShells)('what undos need, kept by $name', ({ shell, setup }) => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await createSandbox({ shell, setup });
  });
  afterAll(() => sandbox.close());

  const today = dayOfRuns(0);
  const id = (day: string, number: number): string => `${day}-00000${number}-abcd`;
  const keep = (run: string, change = 1, runs = 3, days = 10): number =>
    sandbox.run(keepScript({ run }, change, record, { runs, days })).code;
  const kept = (): readonly string[] => sandbox.look(`ls ${store}`).trim().split('\n');

  it('is root’s alone, one file for each change', () => {
    const run = id(today, 1);
    expect([keep(run, 1), keep(run, 2)]).toEqual([0, 0]);
    expect(sandbox.look(`cd ${store}/${run} && ls && cat change-2 && stat -c ' %a' . .. change-1`)).toBe(
      'change-1\nchange-2\nH4sI+/= 700\n 700\n 600\n',
    );
  });

  it('takes away the runs that are too many or too old, and nothing else', () => {
    const [old, recent] = [dayOfRuns(20), dayOfRuns(5)];
    sandbox.look(`rm -rf ${store}; mkdir -p ${store}/${id(old, 1)}/x ${store}/mine; : >${store}/${id(old, 1)}/f`);
    expect(keep(id(recent, 1))).toBe(0);
    expect(kept()).toEqual([id(recent, 1), 'mine']);
    for (const number of [2, 3]) keep(id(recent, number), 1, 4);
    keep(id(today, 1), 1, 3);
    expect(kept()).toEqual([id(recent, 2), id(recent, 3), id(today, 1), 'mine']);
  });

  it('takes away the oldest runs where all together are too big', () => {
    sandbox.look(`rm -rf ${store}`);
    for (const number of [1, 2, 3]) {
      keep(id(today, number), 1, 9);
      sandbox.look(`dd if=/dev/zero of=${store}/${id(today, number)}/content bs=1048576 count=120 2>/dev/null`);
    }
    keep(id(today, 4), 1, 9);
    expect(kept()).toEqual([id(today, 2), id(today, 3), id(today, 4)]);
    sandbox.look(`rm -rf ${store}`);
  });

  it('fails where it cannot be kept, so that nothing is changed', () => {
    sandbox.look(`rm -rf /var/lib/kvmnet && : >/var/lib/kvmnet`);
    expect(keep(id(today, 5))).not.toBe(0);
    sandbox.look('rm /var/lib/kvmnet');
  });

  it('lies beside the old contents, from which another run can take them', () => {
    const run = id(today, 6);
    sandbox.look('printf old >/etc/undo-test');
    keep(run);
    expect(sandbox.run(compileStep(write('/etc/undo-test', 'new'), { undoStore: { run } })).code).toBe(0);
    const [stored = ''] = sandbox.look(`ls ${store}/${run} | grep -v change`).trim().split('\n');
    const back = compileStep(write('/etc/undo-test', { stored, run }), { undoStore: { run: id(today, 7) } });
    expect(sandbox.run(back).code).toBe(0);
    expect(sandbox.look(`cat /etc/undo-test; ls ${store}/${id(today, 7)} | wc -l`)).toBe('old1\n');
  });
});
