import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

/** Where the program that the tests run is compiled to. Below `node_modules`, so that its packages are found. */
export const builtFolder = fileURLToPath(new URL('../../node_modules/.cache/kvmnet-cli-test', import.meta.url));

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Compiles the program once for all tests of this tier: what is installed is compiled too, and starts faster. */
export default async function build(): Promise<void> {
  // Type errors are for the type check to report; the tests run what comes out.
  await execa('npx', ['tsc', '-p', 'tsconfig.build.json', '--outDir', builtFolder], { cwd: root, reject: false });
}
