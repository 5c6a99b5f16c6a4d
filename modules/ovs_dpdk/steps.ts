import {
  addPort,
  changeColumns,
  changePort,
  checkInterfaces,
  exec,
  formatCpuMask,
  mapColumn,
  ovsTransaction,
  sh,
  snippet,
  waitFor,
  type OvsCommand,
  type OvsPortState,
  type Step,
} from '../../src/sdk/index.ts';
import { cpusOf, mark, startHash, type DpdkPort, type Goal } from './state.ts';

interface Policy {
  readonly restart: 'never' | 'if_required';
}

/** The way from any state to any other: ports that go, settings, a restart where it takes one, ports that come. */
export function dpdkSteps(from: Goal, to: Goal, { restart }: Policy): readonly Step[] {
  const due = (from.restart_due === true && to.restart_due !== true) || needsRestart(from, to);
  const restarts = due && restart === 'if_required';
  // First tried: with `true` a failure would leave the host without its switch.
  const careful = restarts && to.init === 'true' && from.initialized !== true;
  const first = careful ? { ...to, init: 'try' } : to;
  return [
    ...ovsTransaction(portCommands(from, to, 'remove')),
    ...configSteps(from, first),
    ...(restarts ? restartSteps(to) : []),
    ...(due && !restarts ? [snippet(markScript, [mark, startHash(from), startHash(to)])] : []),
    ...(careful ? configSteps(first, to) : []),
    ...portSteps(from, to),
  ];
}

/** Whether ovs-vswitchd has to start anew for it. The cores that poll are changed while it runs. */
export const needsRestart = (from: Goal, to: Goal): boolean =>
  startHash(from) !== startHash(to) || (to.initialized === true && from.initialized === false);

const configOf = (state: Goal): { readonly [key: string]: string | null } => ({
  'dpdk-init': state.init ?? null,
  'dpdk-socket-mem': state.socket_mem?.join(',') ?? null,
  'dpdk-lcore-mask': maskOf(state.cores),
  'pmd-cpu-mask': maskOf(state.pmd_cores),
  'dpdk-hugepage-dir': state.hugepage_dir ?? null,
  'vhost-sock-dir': state.vhost_sock_dir ?? null,
  'dpdk-extra': state.extra ?? null,
});

const maskOf = (cores: string | null | undefined): string | null =>
  typeof cores === 'string' ? `0x${formatCpuMask(cpusOf(cores)).replaceAll(',', '')}` : null;

/** Not waited for: where ovs-vswitchd does not come up the settings must be correctable all the same. */
function configSteps(from: Goal, to: Goal): readonly Step[] {
  const commands = changeColumns('Open_vSwitch', '.', { other_config: configOf(from) }, { other_config: configOf(to) });
  if (commands.length === 0) return [];
  return [exec(['ovs-vsctl', '--timeout=30', '--no-wait', ...commands.flatMap((command) => ['--', ...command])])];
}

function restartSteps(to: Goal): readonly Step[] {
  const wait = waitFor('DPDK to be initialised: see the log of ovs-vswitchd', initialized, [], {
    timeout: 90,
    interval: 1,
  });
  return [snippet(restartScript, [mark]), ...((to.init ?? null) === null ? [] : [wait])];
}

const initialized = sh`[ "$(ovs-vsctl --timeout=5 get Open_vSwitch . dpdk_initialized)" = true ]`;

// ovs-save prints a script that puts flows and groups back. Until it has run, ovs-vswitchd leaves the datapath as it is.
const restartScript = sh`s=
b=$(ovs-vsctl --timeout=10 list-br) || exit
x=/usr/share/openvswitch/scripts/ovs-save
if [ -n "$b" ] && [ -x "$x" ]; then s=$("$x" save-flows $b) || s=; fi
if [ -n "$s" ]; then ovs-vsctl --timeout=10 --no-wait set Open_vSwitch . other_config:flow-restore-wait=true; fi
systemctl restart ovs-vswitchd.service; rc=$?
if [ -n "$s" ]; then
  if [ "$rc" -eq 0 ]; then printf '%s\n' "$s" | sh >/dev/null || { rc=$?; echo 'flows could not be put back' >&2; }; fi
  ovs-vsctl --timeout=10 --no-wait remove Open_vSwitch . other_config flow-restore-wait
fi
ovs-vsctl --timeout=10 --no-wait remove Open_vSwitch . external_ids "$1"
exit "$rc"`;

// "$1" mark, "$2" what the running ovs-vswitchd was started with, "$3" what is set now.
const markScript = sh`p=
for f in /run/openvswitch /var/run/openvswitch; do if read -r p <"$f/ovs-vswitchd.pid"; then break; fi; done 2>/dev/null
[ -n "$p" ] || exit 0
m=$(ovs-vsctl --timeout=10 --if-exists get Open_vSwitch . "external_ids:$1" | tr -d '"') || exit
case $m in
  "$p:$3") exec ovs-vsctl --timeout=10 --no-wait remove Open_vSwitch . external_ids "$1" ;;
  "$p":*) ;;
  *) exec ovs-vsctl --timeout=10 --no-wait set Open_vSwitch . "external_ids:$1=\"$p:$2\"" ;;
esac`;

function portSteps(from: Goal, to: Goal): readonly Step[] {
  const commands = portCommands(from, to, 'make');
  if (commands.length === 0) return [];
  const { ports = {} } = to;
  const made = Object.entries(ports).flatMap(([name, port]) =>
    port === null || (from.ports?.[name]?.error ?? null) !== null ? [] : [name],
  );
  const back = [...portCommands(to, from, 'remove'), ...portCommands(to, from, 'make')];
  return [...ovsTransaction(commands), ...checkInterfaces(made, back)];
}

function portCommands(from: Goal, to: Goal, what: 'remove' | 'make'): readonly OvsCommand[] {
  const [{ ports: old = {} }, { ports: goal = {} }] = [from, to];
  const names = [...new Set([...Object.keys(old), ...Object.keys(goal)])];
  return names.flatMap((name, i) => {
    const [was, wanted] = [old[name] ?? null, goal[name] ?? null];
    const stays = was !== null && wanted !== null && was.bridge === wanted.bridge && was.type === wanted.type;
    if (what === 'remove') return was === null || stays ? [] : [['--if-exists', 'del-port', bridgeOf(was), name]];
    if (wanted === null) return [];
    return stays
      ? changePort(name, rowOf(name, was), rowOf(name, wanted))
      : addPort(bridgeOf(wanted), name, rowOf(name, wanted), `${i}`);
  });
}

const bridgeOf = ({ bridge = '' }: Partial<DpdkPort>): string => bridge;

/** What is known of a port beside what this module sets stays. */
function rowOf(name: string, port: Partial<DpdkPort>): OvsPortState {
  const own = port.row?.interfaces[name] ?? {};
  const { device = null } = port;
  const options = port.type === 'dpdk' ? { 'dpdk-devargs': device } : { 'vhost-server-path': device };
  return {
    columns: port.row?.columns ?? {},
    interfaces: {
      [name]: {
        ...own,
        type: port.type ?? '',
        options: { ...mapColumn(own['options']), ...options, n_rxq: port.n_rxq ?? null },
        other_config: { ...mapColumn(own['other_config']), 'pmd-rxq-affinity': port.pmd_rxq_affinity ?? null },
        mtu_request: port.mtu ?? null,
      },
    },
  };
}
