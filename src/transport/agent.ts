import type { BaseAgent, ParsedKey } from 'ssh2';
import type { Ssh2 } from './ssh2.ts';

export interface AgentKey {
  readonly key: ParsedKey;
  /** The agent as if it held this key only: ssh2 can then be told in which order to try keys of several sources. */
  readonly agent: BaseAgent;
}

/** The keys an agent holds; an agent that does not answer holds none, and says so in the notes. */
export async function agentKeys(ssh2: Ssh2, socket: string | undefined, notes: string[]): Promise<readonly AgentKey[]> {
  if (socket === undefined) return [];
  const keys = await new Promise<readonly ParsedKey[] | undefined>((resolve) => {
    ssh2.createAgent(socket).getIdentities((error, found) => resolve(error ? undefined : (found as ParsedKey[])));
  });
  if (keys === undefined) notes.push(`the agent at ${socket} does not answer`);
  return (keys ?? []).map((key) => ({ key, agent: only(ssh2, socket, key) }));
}

function only(ssh2: Ssh2, socket: string, key: ParsedKey): BaseAgent {
  const getIdentities: BaseAgent['getIdentities'] = (callback) => callback(undefined, [key]);
  return Object.assign(ssh2.createAgent(socket), { getIdentities });
}
