import { DiagnosticsError, type KvmnetError } from '../util/errors.ts';
import type { Playbook } from './model.ts';

/** The mistakes of a playbook, with what of it is whole in spite of them. */
export class PlaybookMistakes extends DiagnosticsError {
  /** Undefined where nothing can be said of the rest: a play, its variables or a file have mistakes themselves. */
  readonly rest: Playbook | undefined;

  constructor(mistakes: readonly KvmnetError[], rest: Playbook | undefined) {
    super(mistakes);
    this.rest = rest;
  }
}
