import { defineConfig } from 'vitest/config';

// Tiers on real systems: once more where a machine under load has missed a time; vitest's report says which were.
const machineNoise = 1;

const againstTheClock = 'test/lab/round-trips.test.ts';

// One project per tier, so that each can be run alone: `npx vitest run --project pure`.
export default defineConfig({
  test: {
    // `npm run coverage`, and the pure tier of `npm test`: what the pure tests alone reach of the modules.
    coverage: {
      include: ['modules/**/*.ts'],
      exclude: ['**/*.test.ts'],
      reporter: ['text-summary', 'json'],
      thresholds: { branches: 95 },
    },
    projects: [
      {
        test: {
          name: 'pure',
          setupFiles: ['test/fixed-seed.ts'],
          include: [
            'src/**/*.test.ts',
            'modules/**/*.test.ts',
            'test/architecture/**/*.test.ts',
            'test/security/**/*.test.ts',
          ],
          exclude: ['**/*.sandbox.test.ts'],
          // Generous: a machine under load takes many times as long, and a test that hangs is still found.
          testTimeout: 60_000,
        },
      },
      // Real shells, real tools and a real kernel in a sandbox: needs root, leaves the machine alone.
      {
        test: {
          name: 'sandbox',
          setupFiles: ['test/fixed-seed.ts'],
          retry: machineNoise,
          include: ['src/**/*.sandbox.test.ts', 'modules/**/*.sandbox.test.ts', 'test/security/**/*.sandbox.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'cli',
          retry: machineNoise,
          include: ['test/cli/**/*.test.ts'],
          globalSetup: 'test/cli/build.ts',
          testTimeout: 30_000,
        },
      },
      ...[
        // Most of their time they wait, for confirm windows and reboots. Each worker has a lab of its own.
        {
          name: 'lab',
          include: ['test/lab/**/*.test.ts'],
          exclude: [againstTheClock],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
        // What takes the time of single round trips has the machine to itself.
        { name: 'lab-clock', include: [againstTheClock], maxWorkers: 1, sequence: { groupOrder: 2 } },
      ].map((tier) => ({
        test: {
          ...tier,
          retry: machineNoise,
          globalSetup: ['test/lab/global-setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      })),
      // QEMU guests: one smoke run in every run of the tests, the whole by `npm run test:vm`.
      ...[
        { name: 'vm-smoke', include: ['test/vm/smoke.test.ts'] },
        { name: 'vm', include: ['test/vm/*.test.ts'] },
      ].map((tier) => ({
        test: {
          ...tier,
          globalSetup: ['test/vm/global-setup.ts'],
          testTimeout: 1_800_000,
          hookTimeout: 900_000,
          fileParallelism: false,
        },
      })),
      // Machines of QEMU under Vagrant: `npm run test:vagrant`, not part of `npm test`.
      { test: { name: 'vagrant', include: ['test/vm/vagrant/*.test.ts'], bail: 1 } },
    ],
  },
});
