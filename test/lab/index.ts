/**
 * Real test hosts: see README.md here. `createLab` for a program of its own (demo, bench), `useLab` in tests.
 */
export { createLab, Lab } from './lab.ts';
export { Host } from './host.ts';
export { differences, type Snapshot } from './snapshot.ts';
export type { RunOptions } from './process.ts';
