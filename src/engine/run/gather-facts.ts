import pLimit from 'p-limit';
import type { Host, Inventory } from '../../inventory/model.ts';
import type { Vault } from '../../lang/index.ts';
import type { Transport } from '../../transport/types.ts';
import type { JsonObject } from '../../util/json.ts';
import { createRegistry } from '../registry.ts';
import type { RunOptions } from './options.ts';
import { RunContext } from './run-context.ts';

interface GatherInput {
  readonly hosts: readonly Host[];
  readonly inventory: Inventory;
  readonly transport: Transport;
  readonly vault: Vault;
  readonly options: RunOptions;
  readonly signal: AbortSignal;
}

export type GatheredFacts = { readonly facts: JsonObject } | { readonly error: unknown };

/** The facts of hosts, or why there are none: one round trip each. */
export async function gatherFacts(input: GatherInput): Promise<ReadonlyMap<string, GatheredFacts>> {
  const nothing = {
    playbooks: [],
    registry: createRegistry(),
    emit: () => undefined,
    ask: () => Promise.resolve(undefined),
  };
  const context = new RunContext({ ...input, ...nothing });
  const limit = pLimit(input.options.forks);
  const gather = async (host: Host): Promise<GatheredFacts> => {
    try {
      const session = context.session(host);
      session.wantFacts();
      await session.exchange({}, { become: context.become(host, {}), signal: input.signal });
      return { facts: session.facts ?? {} };
    } catch (error) {
      return { error };
    }
  };
  const found = await Promise.all(
    input.hosts.map((host) => limit(async () => [host.name, await gather(host)] as const)),
  );
  await context.close();
  return new Map(found);
}
