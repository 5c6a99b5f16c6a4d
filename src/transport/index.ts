import { connectLocal } from './local.ts';
import { PATIENCE, type TransportOptions } from './options.ts';
import { createResolver } from './resolve.ts';
import { connectSsh } from './ssh.ts';
import type { Transport } from './types.ts';

export type { TransportOptions } from './options.ts';

/** The real transport: SSH and the local machine. ssh2 and ssh configuration are loaded at the first SSH connection. */
export function createTransport(options: TransportOptions): Transport {
  const said = new Set<string>();
  // What is true of many hosts is said once.
  const notice = (text: string): void => {
    if (said.has(text)) return;
    said.add(text);
    options.onNotice?.(text);
  };
  const resolve = createResolver(options, notice);
  return {
    async connect(spec, { signal } = {}) {
      if (spec.kind === 'local') return connectLocal(spec, options);
      return connectSsh(spec, await resolve(spec), {
        host: spec.host,
        notice,
        signal,
        patience: options.patience ?? PATIENCE,
      });
    },
  };
}
