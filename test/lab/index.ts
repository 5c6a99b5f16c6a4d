/**
 * Real test hosts: see README.md here. `createLab` for a program of its own (demo, bench), `useLab` in tests.
 */
export { createLab, attachLab, Lab, type LabOptions } from './lab.ts';
export { Host } from './host.ts';
export { labRefusal } from './install.ts';
export { differences, type Snapshot } from './snapshot.ts';
export type { Delay } from './delay.ts';
export type { Forward } from './dialer.ts';
export type { HostOptions } from './start-hosts.ts';
export type { HostKind, HostRecord, NicSpec, Nics } from './wiring.ts';
export type { RunOptions, RunResult } from './process.ts';
