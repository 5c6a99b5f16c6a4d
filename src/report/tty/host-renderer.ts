import { Spinner, figures, type ListrRenderer, type ListrTaskObject, type ListrRendererFactory } from 'listr2';
import type { Paint } from '../paint.ts';

export type HostTask = ListrTaskObject<unknown, ListrRendererFactory, ListrRendererFactory>;

export interface HostRendererOptions {
  readonly paint: Paint;
  /** Called about ten times a second and once at the end. */
  readonly draw: (icon: (host: string) => string) => void;
}

const interval = 100;

/**
 * How listr2 shows its task list here: every host is a task; its state gives the icon, the line itself comes from the
 * host's row. The renderers that listr2 brings show whole lists and redraw at every event, which hundreds of hosts would
 * feel.
 */
export class HostRenderer implements ListrRenderer {
  static readonly nonTTY = true;
  static readonly rendererOptions: HostRendererOptions;
  static readonly rendererTaskOptions: Readonly<Record<string, undefined>>;
  readonly #tasks: readonly HostTask[];
  readonly #options: HostRendererOptions;
  readonly #spinner = new Spinner();

  constructor(tasks: HostTask[], options: HostRendererOptions) {
    this.#tasks = tasks;
    this.#options = options;
  }

  render = (): void => {
    this.#draw();
    this.#spinner.start(() => this.#draw(), interval);
  };

  end = (): void => this.#spinner.stop();

  #draw(): void {
    const byHost = new Map(this.#tasks.map((task) => [task.title ?? '', task]));
    this.#options.draw((host) => this.#icon(byHost.get(host)));
  }

  #icon(task: HostTask | undefined): string {
    const { paint } = this.#options;
    if (task === undefined || !task.isStarted()) {
      if (task?.hasFailed() === true) return paint('red', figures.cross);
      return task?.isCompleted() === true ? paint('green', figures.tick) : ' ';
    }
    return paint('cyan', this.#spinner.fetch());
  }
}
