import type { TestProject } from 'vitest/node';
import { labRefusal } from './install.ts';
import { createLab, type Lab } from './lab.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Folders of the labs of this run, one for each file of tests that runs at the same time; none where no lab can run. */
    labDirs: readonly string[];
  }
}

/**
 * A lab for each of vitest's workers, empty at first: tests add hosts when they need them (`useLab`). They end with the run,
 * however that ends. Where no lab can run its tests are skipped with the reason; in CI that is a failure.
 */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const refusal = labRefusal();
  if (refusal !== undefined) {
    if (process.env['CI']) throw new Error(refusal);
    console.warn(`kvmnet: lab tests are skipped: ${refusal}`);
    project.provide('labDirs', []);
    return undefined;
  }
  const labs: Lab[] = [];
  // One after the other: the first makes what all are built on, where it is not there yet.
  for (let i = 0; i < (project.config.maxWorkers ?? 1); i += 1) labs.push(await createLab({ log: console.log }));
  project.provide(
    'labDirs',
    labs.map(({ dir }) => dir),
  );
  return async () => void (await Promise.all(labs.map((lab) => lab.down())));
}
