import { createSandbox, type Sandbox } from './sandbox.ts';

/** A sandbox in which zebra and ospfd of FRR run, started by hand. */
export async function createFrrSandbox(
  options: { readonly shell?: readonly string[]; readonly ospfd?: boolean } = {},
): Promise<Sandbox> {
  const host = await createSandbox(options);
  const close = (): void => {
    // Own processes, in no process namespace of their own: they would outlive the sandbox.
    host.run('for f in watchfrr zebra staticd ospfd; do [ ! -e /run/frr/$f.pid ] || kill $(cat /run/frr/$f.pid); done');
    host.close();
  };
  try {
    if (host.run('command -v vtysh').code !== 0)
      throw new Error('this test needs frr: run "npx tsx test/lab/install.ts"');
    host.look(`export VTYSH_HISTFILE=/dev/null; rm -f /root/.history_frr; mkdir -p /run/frr /var/log/frr /var/tmp/frr; chown frr:frr /run/frr /var/log/frr /var/tmp/frr; echo 1 >/proc/sys/net/ipv4/ip_forward
${options.ospfd === false ? '' : `sed -i s/^ospfd=no/ospfd=yes/ /etc/frr/daemons; ${startFrr}`}`);
  } catch (error) {
    close();
    throw error;
  }
  return { ...host, close };
}

const startFrr = `for d in zebra ospfd; do /usr/lib/frr/$d -d -A 127.0.0.1 2>/dev/null; done
n=0; until vtysh -d ospfd -c 'show running-config' >/dev/null 2>&1; do n=$((n+1)); [ $n -lt 100 ]; sleep 0.05; done`;
