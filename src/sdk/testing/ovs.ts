import { createSandbox, type Sandbox } from './sandbox.ts';

/** A sandbox in which Open vSwitch runs, with its datapath in userspace: bridges need `datapath_type: netdev`. */
export interface OvsSandbox extends Sandbox {
  stopSwitch(): void;
  /** Starts ovs-vswitchd (again): flows are gone, the database stays. */
  startSwitch(): void;
}

const folders = 'mkdir -p /run/openvswitch /etc/openvswitch /var/log/openvswitch';
const startServer = `${folders}; rm -f /etc/openvswitch/conf.db
ovsdb-tool create /etc/openvswitch/conf.db /usr/share/openvswitch/vswitch.ovsschema
ovsdb-server --detach --no-chdir --pidfile --remote=punix:/run/openvswitch/db.sock /etc/openvswitch/conf.db
ovs-vsctl --no-wait init`;
const startSwitch = 'ovs-vswitchd --detach --no-chdir --pidfile --log-file=/run/vswitchd.log 2>/dev/null';
// By pid, and waited for: the next one must not find its sockets.
const stop = (daemon: string): string =>
  `p=$(cat /run/openvswitch/${daemon}.pid 2>/dev/null) || exit 0; kill $p; while kill -0 $p 2>/dev/null; do sleep 0.05; done`;

export async function createOvsSandbox(
  options: { readonly shell?: readonly string[]; readonly setup?: string } = {},
): Promise<OvsSandbox> {
  const host = await createSandbox(options);
  const sandbox: OvsSandbox = {
    ...host,
    stopSwitch: () => void host.look(stop('ovs-vswitchd')),
    startSwitch: () => void host.look(startSwitch),
    close: () => {
      // Own processes, in no process namespace of their own: they would outlive the sandbox.
      host.run(stop('ovs-vswitchd'));
      host.run(stop('ovsdb-server'));
      host.close();
    },
  };
  try {
    if (host.run('command -v ovs-vswitchd').code !== 0) {
      throw new Error('this test needs openvswitch-switch: run "npx tsx test/lab/install.ts"');
    }
    host.look(startServer);
    host.look(startSwitch);
  } catch (error) {
    sandbox.close();
    throw error;
  }
  return sandbox;
}

/** What is configured in Open vSwitch, for "is it as it was before": no identifiers, no counters, sorted. */
export const ovsSnapshot = (sandbox: Sandbox): string =>
  sandbox.look(
    `for t in Bridge Port Interface Controller Mirror; do
  case $t in
    Bridge) c=name,datapath_type,fail_mode,protocols,other_config,external_ids,stp_enable,rstp_enable,mcast_snooping_enable,flood_vlans ;;
    Port) c=name,tag,trunks,vlan_mode,lacp,bond_mode,bond_updelay,bond_downdelay,fake_bridge,mac,other_config,external_ids ;;
    Interface) c=name,type,options,mtu_request,ofport_request,mac,other_config,external_ids,ingress_policing_rate ;;
    Controller) c=target,connection_mode,inactivity_probe,max_backoff,local_ip,other_config ;;
    Mirror) c=name,select_all,select_vlan,output_vlan,snaplen ;;
  esac
  echo "$t"; ovs-vsctl --format=csv --no-headings --columns=$c list $t | sort
done
for b in $(ovs-vsctl list-br); do echo "$b:" $(ovs-vsctl list-ports $b); done`,
  );
