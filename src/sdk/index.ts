/** The module contract: all that a module may import, beside zod. */
export { absent, type Change, type StateObject, type StateValue, type Want } from './state.ts';
export { sh, type Script } from './script.ts';
export { probe, probeScript, type Probe, type ProbeCommand, type ProbeOutput, type Seen } from './probe.ts';
export { exec, poke, remove, snippet, waitFor, write, type Content, type Step } from './step.ts';
export { defineModule, type Boot, type ControllerFiles, type Pending, type TextDiff, type Touches } from './module.ts';
export {
  defineAction,
  type ActionHost,
  type ActionResult,
  type BoundExpression,
  type CommandOptions,
  type CommandResult,
  type MetaCommand,
} from './action.ts';
export { missing, refuse } from './errors.ts';
export { type AnyModule, type AnyResource } from './any-module.ts';
export { bool } from './schemas/bool.ts';
export { int } from './schemas/int.ts';
export { seconds } from './schemas/seconds.ts';
export { words } from './schemas/words.ts';
export { cpuList, formatCpuList, formatCpuMask, parseCpuMask, parseCpus } from './schemas/cpu-list.ts';
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
export { launchParams } from './command/params.ts';
export { runProgram } from './command/run-program.ts';
export { splitProblem, splitWords } from './command/split-words.ts';
export { fileProbe, sha256Of, type FileKind, type FileQuery, type FileSeen, type FileStatus } from './files/status.ts';
export { fileMode, resolveMode } from './files/mode.ts';
export { baseName, hostPath, plainPath } from './files/host-path.ts';
export { ownerName } from './files/owner-name.ts';
export { checkCommand } from './files/check-command.ts';
export {
  checkAccess,
  folderOf,
  linkScript,
  needFolder,
  ownerAndModeSteps,
  wantOwnerAndMode,
  wholeFile,
  wholeFileSteps,
  type OwnerAndMode,
  type WholeFile,
} from './files/whole-file.ts';
export { fileContent, textContent, textOf, type SourceContent } from './files/source-content.ts';
export { expression } from './schemas/expression.ts';
export { sleep } from './sleep.ts';
export { treeProbe } from './files/tree-status.ts';
export { noSuchDevice, parseBridgeVlans, parseFdb, type FdbEntry, type PortVlan } from './parsers/bridge.ts';
export {
  parseEthtoolCoalesce,
  parseEthtoolFeatures,
  parseEthtoolPairs,
  type EthtoolFeature,
  type EthtoolPair,
} from './parsers/ethtool.ts';
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
