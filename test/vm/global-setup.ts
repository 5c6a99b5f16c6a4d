import type { TestProject } from 'vitest/node';
import { createLab } from '../lab/lab.ts';
import { ensureImage } from './image.ts';
import { vmRefusal } from './refusal.ts';

/**
 * One lab for the whole run, in whose network the guests are. It ends with the run, however that ends, and the guests with it.
 * Where none can run the tests are skipped with the reason; in CI that is a failure.
 */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const refusal = vmRefusal() ?? (await imageRefusal());
  if (refusal !== undefined) {
    if (process.env['CI']) throw new Error(refusal);
    console.warn(`kvmnet: vm tests are skipped: ${refusal}`);
    project.provide('labDirs', []);
    return undefined;
  }
  const lab = await createLab({ log: console.log });
  project.provide('labDirs', [lab.dir]);
  return async () => await lab.down();
}

async function imageRefusal(): Promise<string | undefined> {
  const started = performance.now();
  try {
    await ensureImage(console.log);
    console.log(`the guests' disk was there after ${((performance.now() - started) / 1000).toFixed(0)} s`);
    return undefined;
  } catch (error) {
    const { message, cause } = error as Error;
    return `${message}${cause instanceof Error ? `\n${cause.message}` : ''}`;
  }
}
