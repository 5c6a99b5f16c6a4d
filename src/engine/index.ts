export { runPlaybooks } from './run/run-playbook.ts';
export type { RunInput, RunOptions, RunOutcome } from './run/options.ts';
export { rehearse } from './rehearse/rehearse.ts';
export { createRegistry, type Registry } from './registry.ts';
export type { RunEvent, TaskEvent, TaskStatus, HostRecap, FailureReport } from './events.ts';
export { gatherFacts, type GatheredFacts } from './run/gather-facts.ts';
