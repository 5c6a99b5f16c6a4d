import type { TestProject } from 'vitest/node';
import { labRefusal } from './install.ts';
import { createLab } from './lab.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Folder of the lab that all tests of this run share; undefined where no lab can run. */
    labDir: string | undefined;
  }
}

/**
 * One lab for the whole run, empty at first: tests add hosts when they need them (`useLab`). It ends with the run, however
 * that ends. Where no lab can run its tests are skipped with the reason; in CI that is a failure.
 */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const refusal = labRefusal();
  if (refusal !== undefined) {
    if (process.env['CI']) throw new Error(refusal);
    console.warn(`kvmnet: lab tests are skipped: ${refusal}`);
    project.provide('labDir', undefined);
    return undefined;
  }
  const lab = await createLab({ log: console.log });
  project.provide('labDir', lab.dir);
  return async () => await lab.down();
}
