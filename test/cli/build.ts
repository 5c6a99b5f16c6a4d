import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the program that the tests of this run use is compiled to. */
    builtFolder: string;
  }
}

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Compiles the program once for all tests of this tier: what is installed is compiled too, and starts faster. Below
 * `node_modules`, so that its packages are found; in a folder of this run, as several may run at once.
 */
export default async function build(project: TestProject): Promise<() => Promise<void>> {
  // For who runs a few tests again and again.
  const built = process.env['KVMNET_BUILT'];
  if (built !== undefined) {
    project.provide('builtFolder', built);
    return () => Promise.resolve();
  }
  const folder = `${root}node_modules/.cache/kvmnet-cli-test-${process.pid}`;
  // Type errors are for the type check to report; the tests run what comes out.
  await execa('npx', ['tsc', '-p', 'tsconfig.build.json', '--outDir', folder], { cwd: root, reject: false });
  project.provide('builtFolder', folder);
  return () => rm(folder, { recursive: true, force: true });
}
