/** What modules for networks share: schemas of names and numbers, and parsers of what the tools print. */
export { cpuList, cpuMask, formatCpuList, formatCpuMask, parseCpuMask, parseCpus } from './schemas/cpu-list.ts';
export { duration } from './schemas/duration.ts';
export { ifname } from './schemas/ifname.ts';
export {
  bare,
  cidr,
  inNetwork,
  ipAddress,
  ipFamily,
  isMulticast,
  network,
  parseAddress,
  parseCidr,
  parseNetwork,
} from './schemas/ip.ts';
export { mac, parseMac, unicastMac } from './schemas/mac.ts';
export { mtu, port, vlanId, vni } from './schemas/numbers.ts';
export { parsePciAddress, pciAddress } from './schemas/pci-address.ts';
export { formatRate, parseRate, rate } from './schemas/rate.ts';
export { parseSize, size } from './schemas/size.ts';
export { noSuchDevice, parseBridgeVlans, parseFdb, type FdbEntry, type PortVlan } from './parsers/bridge.ts';
export {
  parseEthtoolCoalesce,
  parseEthtoolFeatures,
  parseEthtoolPairs,
  type EthtoolFeature,
  type EthtoolPair,
} from './parsers/ethtool.ts';
export { linkConfigFiles, linkConfigWarnings } from './parsers/link-config.ts';
export { parseAddresses, type InterfaceAddress } from './parsers/ip-address.ts';
export { ipLink, ipLinks } from './parsers/ip-link-probe.ts';
export { parseLinks, type Link, type LinkVf } from './parsers/ip-link.ts';
export { parseRoutes, type NextHop, type Route } from './parsers/ip-route.ts';
export { parseIptablesSave, type SavedChain, type SavedTables } from './parsers/iptables-save.ts';
export { parseKeyValue } from './parsers/key-value.ts';
export { ovsdbMap, ovsdbOptional, ovsdbSet, parseOvsdb, type OvsdbRow, type OvsdbValue } from './parsers/ovsdb.ts';
export { parseInterrupts, type InterruptLine } from './parsers/proc-interrupts.ts';
export { parseFilters, type TcFilter, type U32Match } from './parsers/tc-filter-text.ts';
export { parseHtbClasses, parseQdiscs, type HtbClass, type Qdisc, type TcNumber } from './parsers/tc.ts';
export { readJson, toolJson, toolText, unreadable } from './parsers/tool-output.ts';
export { layer3, mergeRoutes, type Layer3, type Layer3Seen } from './layer3.ts';
export {
  byRouteKey,
  defaultMetric,
  ownRoutes,
  routeArguments,
  routeKey,
  withWords,
  type OwnRoute,
} from './own-route.ts';
