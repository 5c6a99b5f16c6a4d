import type { TaskStatus } from '../engine/events.ts';
import type { Style } from './paint.ts';

interface StatusStyle {
  readonly word: string;
  readonly style: Style;
  /** From which level of -v on the result is shown at all; results with something to say are shown before. */
  readonly from: 0 | 1;
}

export const statusStyles: Readonly<Record<TaskStatus, StatusStyle>> = {
  ok: { word: 'ok', style: 'green', from: 1 },
  changed: { word: 'changed', style: 'yellow', from: 0 },
  'would-change': { word: 'would change', style: 'cyan', from: 0 },
  unknown: { word: 'unknown', style: 'magenta', from: 0 },
  skipped: { word: 'skipped', style: 'dim', from: 1 },
  failed: { word: 'failed', style: ['bold', 'red'], from: 0 },
  unreachable: { word: 'unreachable', style: ['bold', 'red'], from: 0 },
  rescued: { word: 'rescued', style: 'magenta', from: 0 },
  ignored: { word: 'ignored', style: 'magenta', from: 0 },
};
