import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// `npm test`: installs what the tests need, builds what the cli and lab tiers run, runs all tiers one after the other (two at
// once would disturb each other's clocks), and ends with one line that counts them. `npm test -- pure cli` runs some tiers;
// what follows a `--` goes to vitest.

const tiers = ['pure', 'sandbox', 'cli', 'lab', 'lab-clock', 'vm-smoke'];
/** Only where they are named: they take long. */
const slow = ['vm', 'vagrant'];

const words = process.argv.slice(2);
const split = words.includes('--') ? words.indexOf('--') : words.length;
const wanted = words.slice(0, split);
const forVitest = words.slice(split + 1);
const unknown = wanted.filter((tier) => ![...tiers, ...slow].includes(tier));
if (unknown.length > 0) {
  process.stderr.write(`npm test: no tier ${unknown.join(', ')}; there are: ${[...tiers, ...slow].join(', ')}\n`);
  process.exit(1);
}
const chosen = wanted.length === 0 ? tiers : [...tiers, ...slow].filter((tier) => wanted.includes(tier));

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const results: Counts[] = [];
if (prepare()) for (const tier of chosen) results.push(runTier(tier));
else results.push({ passed: 0, failed: 1, skipped: 0 });
const sum = (key: keyof Counts): number => results.reduce((total, counts) => total + counts[key], 0);
const [passed, failed, skipped] = [sum('passed'), sum('failed'), sum('skipped')];
process.stdout.write(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
// A test that is skipped proves nothing: said above, and in CI a failure.
process.exit(failed > 0 || (skipped > 0 && process.env['CI'] !== undefined) ? 1 : 0);

function prepare(): boolean {
  const needsTools = chosen.some((tier) => !['pure', 'cli'].includes(tier));
  if (needsTools && run('npx', ['tsx', 'test/lab/main.ts', 'install']) !== 0) return false;
  return run('npm', ['run', '--silent', 'build']) === 0;
}

function runTier(tier: string): Counts {
  process.stdout.write(`\n== ${tier}\n`);
  const folder = mkdtempSync(join(tmpdir(), 'kvmnet-test-'));
  const report = join(folder, 'report.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  // What of the modules the pure tests reach has a least measure, which parts of them cannot meet.
  const coverage = tier === 'pure' && forVitest.length === 0 ? ['--coverage'] : [];
  const code = run('npx', ['vitest', 'run', '--project', tier, ...coverage, ...reporters, ...forVitest]);
  const counts = readCounts(report);
  rmSync(folder, { recursive: true });
  // Whatever else went wrong (an unhandled error, a file that does not load) is a failure as well.
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

function readCounts(file: string): Counts {
  try {
    const result = JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>;
    const { numPassedTests = 0, numFailedTests = 0, numPendingTests = 0, numTodoTests = 0 } = result;
    return { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests + numTodoTests };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

function run(command: string, args: readonly string[]): number {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (error !== undefined) throw error;
  return status ?? 1;
}
