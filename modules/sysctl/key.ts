/**
 * The path of a key below /proc/sys. As sysctl.d(5) says: where the first separator is a slash, dots are plain characters;
 * where it is a dot, dots and slashes change places, so that `net.ipv4.conf.eth0/100.rp_filter` names eth0.100.
 */
export function keyPath(name: string): string {
  const bare = name.replace(/^\/*proc\/sys\//, '').replace(/^\/+/, '');
  const path = /^[^./]*\//.test(bare) ? bare : bare.replace(/[./]/g, (c) => (c === '.' ? '/' : '.'));
  // `net.ipv4.conf.eth0.100.rp_filter` is what people write for eth0.100, and sysctl(8) refuses: only an interface's name
  // can stand there.
  return path.replace(
    /^(net\/ipv[46]\/(?:conf|neigh)\/)(.+)(\/[^/]+)$/,
    (_, head: string, device: string, key: string) => `${head}${device.replaceAll('/', '.')}${key}`,
  );
}

/** The name of that path as it is written and shown. */
export const keyName = (path: string): string => path.replace(/[./]/g, (c) => (c === '/' ? '.' : '/'));

/** Why a name cannot be a key; undefined where it can. */
export function keyProblem(name: string): string | undefined {
  if (/[*?[\]]/.test(name)) return `"${name}" is a pattern: name each key, with a loop over the interfaces`;
  if (!/^[A-Za-z0-9_@:+,/.-]+$/.test(name)) return `"${name}" is no name of a kernel parameter`;
  const parts = keyPath(name).split('/');
  const bad = parts.length < 2 || parts.some((part) => part === '' || part === '.' || part === '..');
  return bad ? `"${name}" is no name of a kernel parameter: write it as in net.ipv4.ip_forward` : undefined;
}

/** The kernel module that must be loaded for a key to be there, where that is known. */
export function moduleOf(path: string): string | undefined {
  if (path.startsWith('net/bridge/bridge-nf-')) return 'br_netfilter';
  if (path.startsWith('net/netfilter/nf_conntrack') || path === 'net/nf_conntrack_max') return 'nf_conntrack';
  return undefined;
}
