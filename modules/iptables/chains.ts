export const tables = ['filter', 'nat', 'mangle', 'raw', 'security'] as const;
type Table = (typeof tables)[number];

/** The chains that the kernel has, by table. */
export const builtIn: Readonly<Record<Table, readonly string[]>> = {
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  raw: ['PREROUTING', 'OUTPUT'],
  security: ['INPUT', 'FORWARD', 'OUTPUT'],
};

/** Targets that are no chains, as iptables 1.8 has them. */
export const targets: ReadonlySet<string> = new Set(
  `ACCEPT DROP RETURN QUEUE AUDIT CHECKSUM CLASSIFY CLUSTERIP CONNMARK CONNSECMARK CT DNAT DNPT DSCP ECN HL HMARK IDLETIMER
  LED LOG MARK MASQUERADE NETMAP NFLOG NFQUEUE NOTRACK RATEEST REDIRECT REJECT SECMARK SET SNAT SNPT SYNPROXY TCPMSS
  TCPOPTSTRIP TEE TOS TPROXY TRACE TTL ULOG`.split(/\s+/),
);

export const isBuiltIn = (table: Table, chain: string): boolean => builtIn[table].includes(chain);

/** All our chains that others jump to begin so. */
export const prefix = 'KVMNET-';

/** The chain of our own that `chain` jumps to. */
export const ownChain = (chain: string, name: string | undefined): string =>
  `${prefix}${chain}${name === undefined ? '' : `-${name}`}`;

interface Place {
  readonly chain: string;
  readonly name?: string | undefined;
}

/** The jump to our chain, behind `at - 1` rules of others. */
export const jumpAt = (p: Place, at: number): string => `-I ${p.chain} ${at} -j ${ownChain(p.chain, p.name)}`;

/** The jump to our chain, behind whatever rules there are. */
export const jumpBehindAll = (p: Place): string => `-A ${p.chain} -j ${ownChain(p.chain, p.name)}`;

/** Why a chain cannot have that name, or undefined. The kernel has room for 28 bytes and iptables takes no `-` or `!` first. */
export function chainProblem(name: string): string | undefined {
  if (!/^[A-Za-z0-9_+.][A-Za-z0-9_+.-]*$/.test(name)) {
    return `"${name}" cannot be the name of a chain: use letters, digits, _ and -`;
  }
  return name.length > 28
    ? `"${name}" has ${name.length} characters, a chain's name at most 28: shorten it`
    : undefined;
}
