/** Reports: the events of a run, shown to people and programs. */
export { createReporters } from './create-reporter.ts';
export { createLineFormatter } from './lines.ts';
export { hostList } from './host-list.ts';
export { durationText } from './duration.ts';
export { printable } from './value-text.ts';
export type { OutputStream } from './reporter.ts';
export { formatError } from './format-error.ts';
export { createPaint, wantsColour, type Paint } from './paint.ts';
