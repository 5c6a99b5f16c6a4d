import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { openText, parseYaml, unlockScalars, type YamlNode } from '../lang/index.ts';
import { DiagnosticsError, KvmnetError, type ErrorCode } from '../util/errors.ts';
import type { SourceLocation } from '../util/source.ts';
import { sortMistakes } from '../util/sort-mistakes.ts';
import { suggest } from '../util/suggest.ts';
import { displayPath } from './display-path.ts';
import { FaultyTaskList } from './faulty-tasks.ts';
import type { LoadOptions, ModuleSchema } from './options.ts';

/** One load of a playbook: files read, mistakes found, numbers given. */
export class LoadContext {
  readonly options: LoadOptions;
  /** Tasks that mistakes were found in. */
  readonly faulty = new FaultyTaskList();
  readonly #diagnostics: KvmnetError[] = [];
  readonly #files = new Map<string, Promise<YamlNode | undefined>>();
  readonly #ids: { last: number };

  constructor(options: LoadOptions, ids = { last: 0 }) {
    this.options = options;
    this.#ids = ids;
  }

  nextId(): number {
    return ++this.#ids.last;
  }

  /** For what is loaded while the play runs: its mistakes are its own, its numbers go on. */
  child(): LoadContext {
    return new LoadContext(this.options, this.#ids);
  }

  /** How many mistakes there are by now. */
  get mistakes(): number {
    return this.#diagnostics.length;
  }

  report(error: KvmnetError): void {
    this.#diagnostics.push(error);
  }

  mistake(at: SourceLocation, message: string, hint?: string, code: ErrorCode = 'playbook'): void {
    this.report(new KvmnetError(code, message, { at, hint }));
  }

  /** What `run` gives; a mistake that it throws is reported. */
  attempt<T>(run: () => T): T | undefined {
    try {
      return run();
    } catch (error) {
      this.#take(error);
      return undefined;
    }
  }

  /** A module by name; undefined where there is none, or where it cannot be loaded, which is reported. */
  async module(name: string, at: SourceLocation): Promise<ModuleSchema | undefined> {
    if (!this.options.modules.names().includes(name)) return undefined;
    try {
      return await this.options.modules.get(name);
    } catch (error) {
      this.#take(error, at);
      return undefined;
    }
  }

  /**
   * The tree of a YAML file; undefined where it is empty or cannot be read, which is reported once.
   * @param from the place that names the file
   */
  async read(path: string, from: SourceLocation | undefined, what: string): Promise<YamlNode | undefined> {
    const known = this.#files.get(path);
    if (known !== undefined) return known;
    const reading = this.#read(path, from, what);
    this.#files.set(path, reading);
    return reading;
  }

  /** All mistakes found since the last call, in the order of files and lines. */
  takeMistakes(): readonly KvmnetError[] {
    return sortMistakes(this.#diagnostics.splice(0));
  }

  /** Throws them, where there are any. */
  throwMistakes(): void {
    const found = this.takeMistakes();
    if (found.length > 0) throw new DiagnosticsError(found);
  }

  async #read(path: string, from: SourceLocation | undefined, what: string): Promise<YamlNode | undefined> {
    const file = displayPath(path);
    if (!existsSync(path)) {
      const hint =
        nearby(path) ?? (from === undefined ? undefined : 'the path is relative to the file in which it stands');
      this.report(new KvmnetError('missing', `${what} ${file} does not exist`, { at: from, hint }));
      return undefined;
    }
    try {
      const raw = await readFile(path, 'utf8');
      const { vault } = this.options;
      const text = vault === undefined ? raw : await openText(raw, file, vault);
      const { root, diagnostics } = parseYaml(text, file);
      for (const diagnostic of diagnostics) this.report(diagnostic);
      if (vault !== undefined) await unlockScalars(root, vault);
      return root;
    } catch (error) {
      if (error instanceof KvmnetError) this.report(error);
      else
        this.report(
          new KvmnetError('io', `cannot read ${file}: ${(error as Error).message}`, { at: from, cause: error }),
        );
      return undefined;
    }
  }

  #take(error: unknown, at?: SourceLocation): void {
    if (error instanceof DiagnosticsError) for (const each of error.diagnostics) this.report(each);
    else if (error instanceof KvmnetError)
      this.report(
        error.at === undefined && at !== undefined
          ? new KvmnetError(error.code, error.message, { at, hint: error.hint, cause: error })
          : error,
      );
    else throw error;
  }
}

/** A file of the same folder that was probably meant. */
function nearby(path: string): string | undefined {
  const folder = dirname(path);
  const near = existsSync(folder) ? suggest(basename(path), readdirSync(folder)) : undefined;
  return near === undefined ? undefined : `did you mean "${displayPath(join(folder, near))}"?`;
}
