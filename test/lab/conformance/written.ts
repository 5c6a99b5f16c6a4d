import type { Host } from '../index.ts';

// Logs, what login shells and systemd note of their own accord; /run is another disk. Folders too: a file that was made and removed shows in them.
const others = ['/run', '/home', '/var/log', '/var/lib/systemd', '/root/.cache', '/var/lib/private'];
const find = `find / -xdev ${others.map((path) => `-path ${path} -prune -o`).join(' ')} ! -path / -cnewer "$1" -printf '%p\\n'`;

/** Watches the host's disk. @returns what tells the paths that have been written since, even with what they held before */
export async function watchDisk(host: Host): Promise<() => Promise<readonly string[]>> {
  const mark = `/run/conformance-${Math.random().toString(36).slice(2)}`;
  // The clock that files are stamped with ticks every few milliseconds.
  await host.read(['sh', '-c', ': >"$1"; sleep 0.02', 'sh', mark]);
  return async () => (await host.read(['sh', '-c', `${find}; rm -f "$1"`, 'sh', mark])).split('\n').filter(Boolean);
}
