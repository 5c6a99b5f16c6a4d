export { runPlaybooks } from './run/run-playbook.ts';
export type { RunOptions } from './run/options.ts';
export { rehearse } from './rehearse/rehearse.ts';
export { createRegistry, type Registry } from './registry.ts';
export type { RunEvent, TaskEvent, HostRecap } from './events.ts';
export { gatherFacts } from './run/gather-facts.ts';
