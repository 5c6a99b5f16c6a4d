import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// `npm test`: installs what the tests need, builds what the cli tier runs, runs all tiers, and ends with one line that
// counts them. `npm test -- --project pure` runs a part; what else is given goes to vitest.

const run = (command: string, args: readonly string[]): number => {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (error !== undefined) throw error;
  return status ?? 1;
};

const wanted = process.argv.slice(2);
const needsHosts = !wanted.includes('--project') || wanted.includes('lab') || wanted.includes('sandbox');
const prepared =
  (!needsHosts || run('npx', ['tsx', 'test/lab/install.ts']) === 0) && run('npm', ['run', '--silent', 'build']) === 0;
if (!prepared) {
  process.stdout.write('0 passed, 1 failed\n');
  process.exit(1);
}

const folder = mkdtempSync(join(tmpdir(), 'kvmnet-test-'));
const report = join(folder, 'report.json');
const code = run('npx', [
  'vitest',
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${report}`,
  ...wanted,
]);
const { passed, failed, skipped } = counts(report);
rmSync(folder, { recursive: true });
process.stdout.write(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
// A test that is skipped proves nothing: said here, and in CI a failure.
process.exit(code !== 0 || failed > 0 || (skipped > 0 && process.env['CI'] !== undefined) ? 1 : 0);

function counts(file: string): { readonly passed: number; readonly failed: number; readonly skipped: number } {
  try {
    const result = JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>;
    const {
      numPassedTests = 0,
      numFailedTests = 0,
      numFailedTestSuites = 0,
      numPendingTests = 0,
      numTodoTests = 0,
    } = result;
    return {
      passed: numPassedTests,
      failed: numFailedTests || numFailedTestSuites,
      skipped: numPendingTests + numTodoTests,
    };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}
