import type ssh2 from 'ssh2';

export type Ssh2 = typeof ssh2;

/** ssh2 takes a while to load: runs that need no SSH do without it. */
export const loadSsh2 = async (): Promise<Ssh2> => (await import('ssh2')).default;
