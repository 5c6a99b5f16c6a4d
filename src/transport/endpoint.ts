import type { HostKeyChecking } from './types.ts';

/** One machine to log in to, host or jump host, with everything decided: inventory, ssh configuration, defaults. */
export interface Endpoint {
  /** Name or address to connect to. */
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly password?: string | undefined;
  readonly passphrase?: string | undefined;
  /** Files of private keys, in the order to try them. */
  readonly identityFiles: readonly IdentityFile[];
  /** Use no other keys of the agent than those of the files. */
  readonly identitiesOnly: boolean;
  readonly agentSocket?: string | undefined;
  readonly proxyCommand?: string | undefined;
  /** Hops on the way, nearest first. */
  readonly jumps: readonly Endpoint[];
  readonly hostKeyChecking: HostKeyChecking;
  /** The name the key is known by: HostKeyAlias or the address. */
  readonly hostKeyName: string;
  readonly userKnownHosts: readonly string[];
  readonly globalKnownHosts: readonly string[];
  readonly hashKnownHosts: boolean;
  /** Seconds; 0 means off. */
  readonly keepaliveInterval: number;
  readonly keepaliveCount: number;
  /** Seconds for one attempt. */
  readonly connectTimeout: number;
  /** Attempts after the first. */
  readonly retries: number;
  /** 4, 6, or 0 for both. */
  readonly family: 0 | 4 | 6;
  readonly localAddress?: string | undefined;
}

export interface IdentityFile {
  readonly path: string;
  /** Named by the user rather than one of OpenSSH's defaults: then it should be there. */
  readonly explicit: boolean;
}
