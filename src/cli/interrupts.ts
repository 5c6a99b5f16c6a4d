import { setMaxListeners } from 'node:events';
import { exitCodes } from './exit-codes.ts';

interface Interrupts {
  readonly signal: AbortSignal;
  /** Gives the signals back to Node. */
  stop(): void;
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The first ^C asks everything to come to an end, the second one leaves at once. SIGTERM and a lost terminal count as well. */
export function watchInterrupts(onFirst: (message: string) => void): Interrupts {
  const controller = new AbortController();
  // Each host listens to it, and there may be thousands.
  setMaxListeners(0, controller.signal);
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted);
    onFirst('stopping: running steps finish or are undone as a unit; press ^C again to leave now');
    controller.abort();
  };
  for (const signal of signals) process.on(signal, onSignal);
  return {
    signal: controller.signal,
    stop: () => {
      for (const signal of signals) process.removeListener(signal, onSignal);
    },
  };
}
