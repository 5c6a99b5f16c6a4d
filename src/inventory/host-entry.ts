import { nodeOf, type YamlNode } from '../lang/index.ts';
import { KvmnetError } from '../util/errors.ts';
import type { SourceLocation } from '../util/source.ts';
import { addHost, type Draft, type GroupDraft } from './draft.ts';
import { parseHostEntry } from './host-range.ts';

/** Adds the hosts that `kvm[01:20]:2222` means, with the same variables. */
export function addHostEntry(
  draft: Draft,
  group: GroupDraft,
  text: string,
  origin: { readonly at: SourceLocation; readonly path: string | undefined },
  vars: readonly (readonly [string, YamlNode])[],
): void {
  try {
    const { names, port } = parseHostEntry(text, origin.at);
    for (const name of names) {
      const isNew = !draft.hosts.has(name);
      const host = addHost(draft, name, group, { at: origin.at, file: origin.path });
      if (isNew && port !== undefined) host.vars.set('ansible_port', nodeOf(port, origin.at));
      for (const [key, value] of vars) host.vars.set(key, value);
    }
  } catch (error) {
    if (!(error instanceof KvmnetError)) throw error;
    draft.problems.push(error);
  }
}
