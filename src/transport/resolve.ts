import { join } from 'node:path';
import type { Endpoint } from './endpoint.ts';
import type { TransportOptions } from './options.ts';
import type { ConnectionSpec } from './types.ts';

export async function resolveEndpoint(spec: ConnectionSpec, options: TransportOptions): Promise<Endpoint> {
  const { home, env } = options;
  return {
    address: spec.address,
    port: spec.port ?? 22,
    user: spec.user ?? options.user,
    password: spec.password,
    passphrase: spec.passphrase,
    identityFiles:
      spec.privateKeyFile === undefined
        ? ['id_ed25519', 'id_ecdsa', 'id_rsa'].map((f) => ({ path: join(home, '.ssh', f), explicit: false }))
        : [{ path: spec.privateKeyFile, explicit: true }],
    identitiesOnly: false,
    agentSocket: env['SSH_AUTH_SOCK'],
    jumps: [],
    hostKeyChecking: spec.hostKeyChecking ?? 'yes',
    hostKeyName: spec.address,
    userKnownHosts: options.knownHostsFiles ?? [join(home, '.ssh/known_hosts')],
    globalKnownHosts: options.globalKnownHostsFiles ?? ['/etc/ssh/ssh_known_hosts'],
    hashKnownHosts: false,
    keepaliveInterval: 15,
    keepaliveCount: 3,
    connectTimeout: spec.connectTimeout ?? 10,
    retries: spec.retries ?? 2,
    family: 0,
  };
}
