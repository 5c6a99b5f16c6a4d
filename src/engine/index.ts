export { runPlaybooks } from './run/run-playbook.ts';
export type { RunInput, RunOptions } from './run/options.ts';
export { rehearse } from './rehearse/rehearse.ts';
export { createRegistry, type Registry } from './registry.ts';
export type { RunEvent, TaskEvent, HostRecap } from './events.ts';
export { runUndo } from './undo/run-undo.ts';
export type { JournalledChange } from './undo/undo-input.ts';
export { gatherFacts } from './run/gather-facts.ts';
