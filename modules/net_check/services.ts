import {
  ipFamily,
  ovsdbOptional,
  ovsdbSet,
  parseAddress,
  parseOvsdb,
  sh,
  type CommandResult,
} from '../../src/sdk/index.ts';
import { bounded, check, contains, exact, failure, unseen, type Check, type Finding } from './check.ts';
import type { NetCheck } from './params.ts';

type Of<K extends keyof NetCheck> = NonNullable<NetCheck[K]>;

interface Socket {
  readonly proto: string;
  /** Undefined: all addresses of both families, as far as the kernel was not told otherwise. */
  readonly address: string | undefined;
  readonly any: 4 | 6 | undefined;
  readonly port: number;
}

export function listeningCheck(wanted: Of<'listening'>): Check {
  const judge = (answer: CommandResult): readonly Finding[] => {
    const failed = failure(answer, 'ss', 'iproute2 (iproute on RHEL)');
    const sockets = parseSockets(answer.stdout);
    return wanted.map((want) => {
      const where = want.address === undefined ? '' : ` of ${want.address}`;
      const what = `${want.proto} port ${want.port}${where}`;
      if (failed !== undefined) return unseen('listening', what, true, failed);
      const ok = sockets.some(
        (socket) => socket.proto === want.proto && socket.port === want.port && serves(socket, want.address),
      );
      return { check: 'listening', what, value: ok, limit: true, ok, says: `nobody listens on ${what}` };
    });
  };
  return check('listening', [{ argv: ['ss', '-tulnH'] }], judge);
}

/** Lines `tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:*` of `ss -tulnH`. */
function parseSockets(text: string): readonly Socket[] {
  return text.split('\n').flatMap((line) => {
    const [proto, , , , local] = line.trim().split(/\s+/);
    const [, host, digits] = /^(.*):(\d+)$/.exec(local ?? '') ?? [];
    if (proto === undefined || host === undefined) return [];
    const bare = host
      .replace(/%.*$/, '')
      .replace(/^\[(.*?)\]?$/, '$1')
      .replace(/\]$/, '');
    const any = bare === '0.0.0.0' ? 4 : bare === '::' ? 6 : undefined;
    const address = bare === '*' || any !== undefined ? undefined : parseAddress(bare);
    return [{ proto, address, any, port: Number(digits) }];
  });
}

function serves({ address, any }: Socket, wanted: string | undefined): boolean {
  if (wanted === undefined) return true;
  return address === undefined ? any === undefined || any === ipFamily(wanted) : address === wanted;
}

export function controllerCheck(p: Of<'controller'>): Check {
  const what = `controller of ${p.bridge}`;
  const list = [
    '--columns=name,controller',
    'list',
    'Bridge',
    '--',
    '--columns=_uuid,target,is_connected',
    'list',
    'Controller',
  ];
  const judge = (answer: CommandResult): readonly Finding[] => {
    const failed = failure(answer, 'ovs-vsctl', 'openvswitch-switch (openvswitch on RHEL)');
    if (failed !== undefined) return [unseen('controller', what, p.connected, failed)];
    const [bridges = [], controllers = []] = parseOvsdb(answer);
    const bridge = bridges.find((row) => row['name'] === p.bridge);
    if (bridge === undefined) return [unseen('controller', what, p.connected, `there is no bridge ${p.bridge}`)];
    const ids = ovsdbSet(bridge['controller']);
    const own = controllers.filter((row) => ids.some((id) => id === ovsdbOptional(row['_uuid'])));
    const targets = own.map((row) => `${ovsdbOptional(row['target'])}`).join(', ');
    if (own.length === 0 && p.connected) return [unseen('controller', what, true, `${p.bridge} has no controller`)];
    const connected = own.some((row) => row['is_connected'] === true);
    const finding = exact('controller', what, connected, p.connected);
    const [seen, want] = connected ? ['connected', 'none'] : ['not connected', 'a connection'];
    return [{ ...finding, says: `${what} (${targets}) is ${seen}, wanted ${want}` }];
  };
  return check('controller', [{ argv: ['ovs-vsctl', '-t', '10', '--format=json', ...list] }], judge);
}

// vtysh would note the command in a file in the user's home.
const askNeighbours = sh`VTYSH_HISTFILE=/dev/null vtysh -c 'show ip ospf neighbor'`;

export function ospfCheck(p: Of<'ospf'>): Check {
  const what = `OSPF neighbours in state ${p.state}`;
  const limit = p.neighbours;
  const judge = (answer: CommandResult): readonly Finding[] => {
    const failed = silent(answer) ?? failure(answer, 'vtysh', 'frr');
    if (failed !== undefined) return [unseen('ospf', what, limit, failed)];
    const all = parseNeighbours(answer.stdout);
    const ids = [...new Set(all.filter(({ state }) => state === p.state).map(({ id }) => id))];
    const others = all.filter(({ state }) => state !== p.state).map(({ id, state }) => `${id} is ${state}`);
    const also = others.length === 0 ? '' : ` (${others.join(', ')})`;
    const finding =
      typeof limit === 'number'
        ? bounded('ospf', what, ids.length, { min: limit })
        : contains('ospf', what, ids, limit);
    return [{ ...finding, says: `${finding.says}${also}` }];
  };
  return check('ospf', [{ script: askNeighbours, args: [] }], judge);
}

// The daemon does not run, or nothing of FRR does: vtysh says so and ends well, or with 1.
function silent(answer: CommandResult): string | undefined {
  const text = `${answer.stdout}${answer.stderr}`;
  return /is not running|failed to connect/i.exec(text) === null ? undefined : 'ospfd is not running';
}

/** Lines `10.0.0.2  1 Full/DR …` of FRR and Quagga alike. */
function parseNeighbours(text: string): readonly { readonly id: string; readonly state: string }[] {
  return text.split('\n').flatMap((line) => {
    const [, id, state] = /^\s*(\d+\.\d+\.\d+\.\d+)\s+\d+\s+([\w-]+?)(?:\/\s*\S+)?\s/.exec(line) ?? [];
    return id === undefined || state === undefined ? [] : [{ id, state }];
  });
}
