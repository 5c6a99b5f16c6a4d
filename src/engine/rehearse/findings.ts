import { DiagnosticsError, KvmnetError } from '../../util/errors.ts';
import type { SourceLocation } from '../../util/source.ts';

const shownHosts = 3;

const setIt = 'set it in the inventory, under vars: or with -e; or ask defined(…) first where it may be missing';

interface Finding {
  readonly error: KvmnetError;
  /** Undefined: it has nothing to do with single hosts. */
  readonly hosts: Set<string> | undefined;
  readonly of: number;
}

/** The mistakes that a rehearsal has found: one for each place, with the hosts that it concerns. */
export class Findings {
  readonly #found = new Map<string, Finding>();

  /** @param at - where to look when the error itself knows no place */
  add(
    error: KvmnetError,
    at?: SourceLocation,
    hosts?: { readonly names: readonly string[]; readonly of: number },
  ): void {
    if (error instanceof DiagnosticsError) {
      for (const one of error.diagnostics) this.add(one, at, hosts);
      return;
    }
    const { code, message, cause } = error;
    const hint = error.hint ?? (code === 'undefined-variable' ? setIt : undefined);
    const placed = new KvmnetError(code, message, { at: error.at ?? at, hint, cause });
    const key = JSON.stringify([placed.at?.file, placed.at?.line, placed.at?.column, message]);
    const known = this.#found.get(key);
    if (known === undefined) {
      const names = hosts === undefined ? undefined : new Set(hosts.names);
      this.#found.set(key, { error: placed, hosts: names, of: hosts?.of ?? 0 });
    } else hosts?.names.forEach((name) => known.hosts?.add(name));
  }

  /** @throws DiagnosticsError with all of them */
  throwAll(): void {
    const errors = [...this.#found.values()].map(withHosts);
    if (errors.length > 0) throw new DiagnosticsError(errors);
  }
}

/** Says on which hosts, where it is not all of the play. */
function withHosts({ error, hosts, of }: Finding): KvmnetError {
  if (hosts === undefined || hosts.size === 0 || hosts.size >= of) return error;
  const names = [...hosts];
  const more = names.length > shownHosts ? ` and ${names.length - shownHosts} more` : '';
  const { code, hint, at, cause } = error;
  const where = `${names.slice(0, shownHosts).join(', ')}${more}`;
  return new KvmnetError(code, `${error.message} (on ${where})`, { hint, at, cause });
}
