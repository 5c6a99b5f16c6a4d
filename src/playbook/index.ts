export { loadPlaybook } from './load.ts';
export { PlaybookMistakes } from './playbook-mistakes.ts';
export type * from './model.ts';
