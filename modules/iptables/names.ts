/** Words of iptables, and what iptables-save prints in their place. */

export const protocols = new Map([
  ['1', 'icmp'],
  ['2', 'igmp'],
  ['4', 'ipencap'],
  ['6', 'tcp'],
  ['17', 'udp'],
  ['41', 'ipv6'],
  ['47', 'gre'],
  ['50', 'esp'],
  ['51', 'ah'],
  ['58', 'ipv6-icmp'],
  ['89', 'ospf'],
  ['112', 'vrrp'],
  ['132', 'sctp'],
  ['icmpv6', 'ipv6-icmp'],
]);

export const long = new Map([
  ['--protocol', '-p'],
  ['--proto', '-p'],
  ['--source', '-s'],
  ['--src', '-s'],
  ['--destination', '-d'],
  ['--dst', '-d'],
  ['--in-interface', '-i'],
  ['--out-interface', '-o'],
  ['--jump', '-j'],
  ['--goto', '-g'],
  ['--match', '-m'],
  ['--fragment', '-f'],
  ['--source-port', '--sport'],
  ['--destination-port', '--dport'],
  ['--to', '--to-x'],
  ['--source-ports', '--sports'],
  ['--destination-ports', '--dports'],
]);

// Options that load the match of the protocol by themselves.
export const implicit = new Set([
  '--sport',
  '--dport',
  '--syn',
  '--tcp-flags',
  '--tcp-option',
  '--icmp-type',
  '--icmpv6-type',
  '--chunk-types',
  '--espspi',
  '--ahspi',
]);

export const ctstates = ['INVALID', 'NEW', 'RELATED', 'ESTABLISHED', 'UNTRACKED', 'SNAT', 'DNAT'];

export const services = new Map([
  ['ssh', 22],
  ['telnet', 23],
  ['smtp', 25],
  ['domain', 53],
  ['http', 80],
  ['ntp', 123],
  ['snmp', 161],
  ['bgp', 179],
  ['https', 443],
]);

export const icmpTypes = new Map([
  ['echo-reply', '0'],
  ['pong', '0'],
  ['destination-unreachable', '3'],
  ['redirect', '5'],
  ['echo-request', '8'],
  ['ping', '8'],
  ['time-exceeded', '11'],
]);

export const icmp6Types = new Map([
  ['echo-request', '128'],
  ['ping', '128'],
  ['echo-reply', '129'],
]);

export const logLevels = ['emerg', 'alert', 'crit', 'error', 'warning', 'notice', 'info', 'debug'];

export const logOptions = [
  '--log-prefix',
  '--log-level',
  '--log-tcp-sequence',
  '--log-tcp-options',
  '--log-ip-options',
];
