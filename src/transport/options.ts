/** How long, in seconds, a host that has let us in may keep us waiting. Commands have their own timeouts. */
export interface Patience {
  /** Until it opens a session that was asked for. */
  readonly open: number;
  /** Until its shell begins with a request whose text has arrived. */
  readonly begin: number;
  /** Without any progress of a file transfer: on a very slow link a megabyte may be between two signs of it. */
  readonly stall: number;
}

export const PATIENCE: Patience = { open: 30, begin: 60, stall: 1800 };

/** What the transport needs to know of its surroundings; it reads no environment variable by itself. */
export interface TransportOptions {
  /** Home directory of the user who runs kvmnet: `~` in ssh configuration, default keys and known_hosts. */
  readonly home: string;
  /** Name of that user: the login name where nothing else says. */
  readonly user: string;
  /** `SSH_AUTH_SOCK`, what `${VAR}` in ssh configuration means, and the environment of local commands. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** ssh configuration, the first one that sets a value wins; default `~/.ssh/config` and `/etc/ssh/ssh_config`. */
  readonly configFiles?: readonly string[] | undefined;
  /** Instead of `~/.ssh/known_hosts` and `~/.ssh/known_hosts2`; new keys go into the first. */
  readonly knownHostsFiles?: readonly string[] | undefined;
  /** Instead of `/etc/ssh/ssh_known_hosts` and `/etc/ssh/ssh_known_hosts2`. */
  readonly globalKnownHostsFiles?: readonly string[] | undefined;
  /** Default: 30 s, 60 s and half an hour. */
  readonly patience?: Patience | undefined;
  /** Something the user should know although nothing failed: a host key was stored, an option is not supported. */
  readonly onNotice?: ((notice: string) => void) | undefined;
}
