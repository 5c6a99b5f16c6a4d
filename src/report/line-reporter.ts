import { createLineFormatter, patience, type LineView } from './lines.ts';
import type { OutputTarget } from './output-target.ts';
import type { Reporter } from './reporter.ts';

/** For logs and pipes: nothing is ever taken back. */
export function createLineReporter(target: OutputTarget, view: LineView): Reporter {
  const format = createLineFormatter(view);
  let timer: NodeJS.Timeout | undefined;
  const write = (lines: readonly string[]): void => {
    if (lines.length > 0) target.write(`${lines.join('\n')}\n`);
  };
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    write(format.flush());
  };
  return {
    handle(event) {
      write(format.lines(event));
      if (event.type === 'task') timer ??= setTimeout(flush, patience).unref();
    },
    suspend: flush,
    end() {
      flush();
      return target.close();
    },
  };
}
