import type { ActionModuleCase } from '../module-case.ts';
import { itWaits, peer } from '../setups.ts';

// Clients whose end is a reset, so that nothing of theirs lingers.
const client = (from: string): string => `perl -MSocket -MIO::Socket::INET -e '
$s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => 443, LocalAddr => "${from}") or die $@;
setsockopt($s, SOL_SOCKET, SO_LINGER, pack("ii", 1, 0)); sleep 1000' >/dev/null 2>&1 & echo $! >/run/${from}.pid`;

export default {
  examples: {
    'A service that has just been started': {
      setup: 'ovsdb-tool create /run/late.db /usr/share/openvswitch/vswitch.ovsschema',
      gives: 'ok',
      checked: { status: 'skipped', says: 'not waited for in check mode: port 6640 of 127.0.0.1 is open' },
      meanwhile: `${itWaits}
ovsdb-server --detach --no-chdir --pidfile=/run/late.pid --unixctl=/run/late.ctl --remote=ptcp:6640 /run/late.db 2>/dev/null`,
      does: { look: "ss -tlnH 'sport = :6640' | wc -l", shows: '1\n' },
    },
    'Another host, as this one sees it': {
      setup: `${peer('fabric')}; ip netns exec peer nc -lk 179 >/dev/null 2>&1 &`,
      gives: 'ok',
      play: { after: [{ assert: { that: 'result.elapsed >= 5' } }] },
      follows: ['ok'],
    },
    'A line in a log': {
      setup: 'mkdir -p /var/log/frr; echo adjacency with 10.255.0.2: Init >/var/log/frr/frr.log',
      gives: 'ok',
      checked: { status: 'skipped', says: /^not waited for in check mode: \/var\/log\/frr\/frr\.log is there with/ },
      meanwhile: `${itWaits}; echo adjacency with 10.255.0.2: Full >>/var/log/frr/frr.log`,
      does: { look: 'grep -c "adjacency .* Full" /var/log/frr/frr.log', shows: '1\n' },
    },
    'No client left': {
      setup: `ip address add 10.0.0.9/32 dev lo; nc -lk 127.0.0.1 443 >/dev/null 2>&1 &
until ss -tlnH 'sport = :443' | grep -q .; do sleep 0.1; done
${client('127.0.0.1')}
${client('10.0.0.9')}
until [ "$(ss -tnH state established 'sport = :443' | wc -l)" = 2 ]; do sleep 0.1; done`,
      gives: 'ok',
      checked: { status: 'skipped', says: 'not waited for in check mode: no connection to port 443 is left' },
      meanwhile: `${itWaits}; kill "$(cat /run/127.0.0.1.pid)"`,
      does: { look: "ss -tnH state established 'sport = :443' | grep -o 10.0.0.9", shows: '10.0.0.9\n' },
    },
  },
  refuses: [
    { params: { port: 70_000 }, says: 'wait_for: port: expected a port: a whole number from 1 to 65535, not the number 70000' },
    { params: { port: 22, path: '/etc/hosts' }, says: 'wait_for: give port or path, not both' },
    { params: { state: 'drained' }, says: 'wait_for: state: drained goes with port' },
    { params: { path: '/etc/hosts', search_regex: '(?=x)' }, says: 'wait_for: search_regex: "(?" is not known to grep -E, which looks for the expression on the host' },
  ],
} satisfies ActionModuleCase;
