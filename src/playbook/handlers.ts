import type { SourceLocation } from '../util/source.ts';
import { didYouMean } from '../util/suggest.ts';
import type { LoadContext } from './context.ts';
import type { TaskNode } from './model.ts';

/** The handlers of one play by the names that `notify` may use, and what was notified before they were known. */
export class HandlerNames {
  readonly #names = new Set<string>();
  readonly #notified: { readonly name: string; readonly at: SourceLocation }[] = [];
  /** Some name is only known per host: then any could be right. */
  #open = false;

  add(nodes: readonly TaskNode[]): void {
    for (const node of nodes) {
      if (node.nameTemplate !== undefined) this.#open = true;
      if (node.name !== undefined) {
        this.#names.add(node.name);
        if (node.role !== undefined) this.#names.add(`${node.role.name} : ${node.name}`);
      }
      if (node.kind === 'task') for (const topic of node.listen) this.#names.add(topic);
      else if (node.kind === 'block') this.add([...node.tasks, ...node.rescue, ...node.always]);
      else if (node.known === undefined) this.#open = true;
      else this.add(node.known);
    }
  }

  notify(name: string, at: SourceLocation): void {
    this.#notified.push({ name, at });
  }

  /** Reports what was notified and is no handler. */
  check(context: LoadContext): void {
    for (const { name, at } of this.#notified.splice(0)) {
      if (this.#open || this.#names.has(name)) continue;
      const hint = this.#names.size === 0 ? 'the play has no handlers' : didYouMean(name, this.#names);
      context.mistake(
        at,
        `there is no handler "${name}"`,
        hint ?? 'it has to be the name of a handler, or what one listens to',
      );
    }
  }
}
