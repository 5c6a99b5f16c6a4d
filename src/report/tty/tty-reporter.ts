import { figures, Listr, ProcessOutput } from 'listr2';
import { createLineFormatter, patience, type LineView } from '../lines.ts';
import type { OutputStream, Reporter } from '../reporter.ts';
import { HostRenderer } from './host-renderer.ts';
import { createHostTable } from './host-table.ts';
import { createLiveArea } from './live-area.ts';
import { rowLines } from './row-lines.ts';

/** Ends a host's row: well, or with the reason why not. */
type Finish = (failure?: Error) => void;

/**
 * For a person at a terminal: a row for each host with what it does right now, and above them, for good, what changed
 * and what failed. Events only note things down; the screen is drawn ten times a second whatever their number.
 */
export function createTtyReporter(stdout: OutputStream, view: LineView, now: () => number): Reporter {
  const format = createLineFormatter(view);
  const table = createHostTable();
  const output = new ProcessOutput(stdout as NodeJS.WriteStream, undefined, { leaveEmptyLine: false });
  const area = createLiveArea({
    write: (text) => output.toStdout(text, false),
    get columns() {
      return stdout.columns;
    },
    get rows() {
      return stdout.rows;
    },
  });
  const started = now();
  let waiting: string[] = [];
  let lastTaken = started;
  let live = false;
  let running = new Map<string, Finish>();

  const show = (): void => {
    if (!live) output.hijack();
    live = true;
  };
  const hide = (): void => {
    if (!live) return;
    area.clear();
    output.release();
    live = false;
  };
  const flush = (): void => {
    waiting.push(...format.flush());
    if (waiting.length > 0) stdout.write(`${waiting.join('\n')}\n`);
    waiting = [];
  };
  /** Whatever ends the process, the cursor comes back. */
  const onExit = (): void => hide();
  let suspended = false;
  /** ^Z: the shell gets a clean line and its cursor; when the run goes on, so does the drawing. */
  const onStop = (): void => {
    hide();
    process.kill(process.pid, 'SIGSTOP');
  };

  const draw = (icon: (host: string) => string): void => {
    if (suspended) return;
    show();
    const [columns, rows] = [stdout.columns ?? 80, stdout.rows ?? 24];
    // A third of the screen at least stays for what happened.
    const maxLines = Math.max(3, Math.floor((rows * 2) / 3));
    const lines = rowLines(table.rows(), {
      paint: view.paint,
      columns,
      maxLines,
      now: now(),
      started,
      // listr2 hears of a failure when the host has left the play.
      icon: ({ host, state }) => (state === 'failed' ? view.paint('red', figures.cross) : icon(host)),
    });
    if (now() - lastTaken >= patience) {
      waiting.push(...format.flush());
      lastTaken = now();
    }
    const above = waiting;
    waiting = [];
    area.draw(above, lines);
  };

  const endPlay = (): void => {
    for (const finish of running.values()) finish();
    running = new Map();
  };

  const startPlay = (hosts: readonly string[]): void => {
    endPlay();
    const tasks = hosts.map((host) => {
      const ended = new Promise<Error | undefined>((resolve) => running.set(host, resolve));
      const task = async (): Promise<void> => {
        const failure = await ended;
        if (failure !== undefined) throw failure;
      };
      return { title: host, task };
    });
    const list = new Listr(tasks, {
      concurrent: true,
      exitOnError: false,
      registerSignalListeners: false,
      renderer: HostRenderer,
      rendererOptions: { paint: view.paint, draw },
    });
    // It never rejects: failures of hosts are the business of the engine.
    void list.run();
  };

  return {
    handle(event) {
      table.handle(event, now());
      // Before the rows of a play are drawn for the first time its name has to stand above them.
      waiting.push(...format.lines(event));
      if (event.type === 'run') {
        process.once('exit', onExit);
        process.on('SIGTSTP', onStop);
      }
      if (event.type === 'play') startPlay(event.hosts);
      if (event.type === 'host-end')
        running.get(event.host)?.(event.status === 'ok' ? undefined : new Error(event.status));
      if (event.type === 'recap') endPlay();
    },
    suspend() {
      suspended = true;
      hide();
      flush();
    },
    resume() {
      suspended = false;
    },
    end() {
      endPlay();
      suspended = true;
      hide();
      flush();
      process.removeListener('exit', onExit);
      process.removeListener('SIGTSTP', onStop);
      return new Promise((resolve) => stdout.write('', () => resolve()));
    },
  };
}
