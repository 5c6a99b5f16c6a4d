/** Reports: the events of a run, shown to people and programs. */
export { createReporters } from './create-reporter.ts';
export type { OutputStream } from './reporter.ts';
export { formatError } from './format-error.ts';
export { createPaint, wantsColour, type Paint } from './paint.ts';
