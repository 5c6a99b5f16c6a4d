import { connectLocal } from './local.ts';
import type { TransportOptions } from './options.ts';
import { resolveEndpoint } from './resolve.ts';
import { connectSsh } from './ssh.ts';
import type { Transport } from './types.ts';

export type { TransportOptions } from './options.ts';

/** The real transport: SSH and the local machine. ssh2 is loaded at the first SSH connection. */
export function createTransport(options: TransportOptions): Transport {
  return {
    async connect(spec, { signal } = {}) {
      if (spec.kind === 'local') return connectLocal(spec, options);
      const endpoint = await resolveEndpoint(spec, options);
      const notice = (text: string): void => options.onNotice?.(text);
      return connectSsh(spec, endpoint, { host: spec.host, notice, signal });
    },
  };
}
