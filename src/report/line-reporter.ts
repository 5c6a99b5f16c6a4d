import { createLineFormatter, type LineView } from './lines.ts';
import type { OutputTarget } from './output-target.ts';
import type { Reporter } from './reporter.ts';

/** For logs and pipes: nothing is ever taken back. */
export function createLineReporter(target: OutputTarget, view: LineView): Reporter {
  const format = createLineFormatter(view);
  return {
    handle(event) {
      const lines = format(event);
      if (lines.length > 0) target.write(`${lines.join('\n')}\n`);
    },
    end: () => target.close(),
  };
}
