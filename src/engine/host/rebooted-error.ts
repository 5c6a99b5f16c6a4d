import { KvmnetError } from '../../util/errors.ts';

/** The host has come up anew between two requests: what was worked out before would be sent to another state of things. */
export class RebootedError extends KvmnetError {
  /** The task has changed nothing yet: it can be begun again. */
  readonly again: boolean;

  constructor(host: string, again = false) {
    super('connection-lost', 'the host has rebooted in the middle of the task', {
      host,
      hint: 'run it again: what was under way may have been done in part',
    });
    this.again = again;
  }
}
