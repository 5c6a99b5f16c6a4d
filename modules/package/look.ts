import { probeScript, sh, type Probe, type ProbeOutput } from '../../src/sdk/index.ts';
import { namesFor, type Family, type Package } from './params.ts';

export interface Installed {
  readonly version: string;
  /** It must not be changed: the administrator holds it. */
  readonly held: boolean;
  /** The package that provides what was asked for, where that is another one. */
  readonly by?: string;
}

export interface Look {
  /** Undefined: neither apt nor dnf or yum is there; then `manager` says what is. */
  readonly family: Family | undefined;
  readonly manager: string;
  /** What is installed, by the name that was asked for. */
  readonly installed: Readonly<Record<string, Installed>>;
  /** Newest versions that the lists know, by name; only where asked for. */
  readonly candidates: Readonly<Record<string, string>>;
  /** Seconds since the lists were read; undefined: never. */
  readonly cacheAge: number | undefined;
}

export const look = (p: Package): Probe<Look> => {
  const debian = namesFor(p, 'debian').map(({ name }) => name);
  const redhat = namesFor(p, 'redhat').map(({ name }) => name);
  const args = [
    p.state === 'latest' ? 'l' : '',
    p.update_cache ? 'c' : '',
    p.enablerepo.join(','),
    String(debian.length),
  ];
  return probeScript(script, [...args, ...debian, ...redhat], (output) => parseLook(output));
};

// What provides a name is asked for only where no package has that name: on a converged host it is one process.
const script = sh`l=$1 c=$2 e=$3 n=$4; shift 4
has() { command -v "$1" >/dev/null 2>&1; }
age() {
  if [ -z "$c" ]; then return; fi
  a=$(stat -c %Y -- "$@" 2>/dev/null | sort -n | tail -n 1)
  if [ -n "$a" ]; then echo "age $(($(date +%s) - a))"; fi
}
if [ -e /etc/debian_version ] || ! has rpm; then
  if has dpkg-query && has apt-get; then
    echo 'family debian apt-get'
    i=0 t=$#
    for k do if [ $i -lt "$n" ]; then set -- "$@" "$k"; fi; i=$((i+1)); done
    shift $t
    if [ $# -gt 0 ]; then
      o=$(dpkg-query -W -f='pkg \${Package} \${Architecture} \${db:Status-Want} \${db:Status-Status} \${Version}\n' -- "$@" 2>/dev/null)
      case "$? $o" in
      "0 "*" not-installed "*|[!0]*) dpkg-query -W -f='all \${db:Status-Want} \${db:Status-Status} \${Package} \${Version} \${Provides}\n' 2>/dev/null | grep -v ' $';;
      esac
      printf '%s\n' "$o"
    fi
    if [ -n "$l" ] && [ $# -gt 0 ]; then apt-cache policy -- "$@" 2>/dev/null | sed 's/^/apt /'; fi
    for f in /var/lib/apt/lists/*_*; do if [ -e "$f" ]; then age /var/lib/apt/lists /var/lib/apt/periodic/update-success-stamp; break; fi; done
    exit 0
  fi
fi
if has rpm; then
  m=; for x in dnf yum microdnf; do if has $x; then m=$x; break; fi; done
  if [ -n "$m" ]; then
    echo "family redhat $m"
    shift "$n"
    for k do
      q="rpm \${k} %{NAME} %{EPOCHNUM} %{VERSION} %{RELEASE}\n"
      rpm -q --qf "$q" -- "$k" 2>/dev/null || rpm -q --whatprovides --qf "$q" -- "$k" 2>/dev/null
    done | grep '^rpm '
    if [ -n "$l" ] && [ $# -gt 0 ]; then $m -q check-update \${e:+"--enablerepo=$e"} -- "$@" 2>/dev/null | sed 's/^/upd /'; fi
    age /var/cache/dnf /var/cache/libdnf5 /var/cache/yum
    exit 0
  fi
fi
for x in zypper apk pacman xbps-install emerge opkg; do if has $x; then echo "other $x"; exit 0; fi; done
echo 'other none'`;

export function parseLook({ stdout }: Pick<ProbeOutput, 'stdout'>): Look {
  const lines = stdout.split('\n');
  const of = (kind: string): readonly string[] =>
    lines.flatMap((line) => (line.startsWith(`${kind} `) ? [line.slice(kind.length + 1)] : []));
  const [family, manager] = (of('family')[0] ?? '').split(' ');
  const age = of('age')[0];
  return {
    family: family === 'debian' || family === 'redhat' ? family : undefined,
    manager: manager ?? of('other')[0] ?? 'none',
    installed: { ...provided(of('all')), ...debianPackages(of('pkg')), ...rpmPackages(of('rpm')) },
    candidates: { ...aptCandidates(of('apt')), ...rpmUpdates(of('upd')) },
    cacheAge: age === undefined ? undefined : Number(age),
  };
}

/** `config-files` is what dpkg calls a package that was removed and left its configuration: it is not installed. */
function debianPackages(lines: readonly string[]): Record<string, Installed> {
  return Object.fromEntries(
    lines.flatMap((line) => {
      const [name = '', arch = '', want, status, version = ''] = line.split(' ');
      if (status !== 'installed' && status !== 'triggers-pending' && status !== 'triggers-awaited') return [];
      const found = { version, held: want === 'hold' };
      return [[name, found] as const, [`${name}:${arch}`, found] as const];
    }),
  );
}

function provided(lines: readonly string[]): Record<string, Installed> {
  return Object.fromEntries(
    lines.flatMap((line) => {
      const [want, status, by = '', version = '', ...provides] = line.split(' ');
      if (status !== 'installed') return [];
      const names = provides
        .join(' ')
        .split(',')
        .map((item) => item.trim().replace(/ ?\(.*$/, ''));
      return names.map((name) => [name, { version, held: want === 'hold', by }] as const);
    }),
  );
}

function rpmPackages(lines: readonly string[]): Record<string, Installed> {
  return Object.fromEntries(
    lines.map((line) => {
      const [asked = '', name = '', epoch = '0', version = '', release = ''] = line.split(' ');
      const evr = `${epoch === '0' ? '' : `${epoch}:`}${version}-${release}`;
      const same = name === asked || asked.startsWith(`${name}.`);
      return [asked, { version: evr, held: false, ...(same ? {} : { by: name }) }] as const;
    }),
  );
}

function aptCandidates(lines: readonly string[]): Record<string, string> {
  let name = '';
  const found: Record<string, string> = {};
  for (const line of lines) {
    const [, head] = /^(\S+):$/.exec(line) ?? [];
    if (head !== undefined) name = head;
    const [, candidate] = /^ {2}Candidate: (\S+)$/.exec(line) ?? [];
    if (candidate !== undefined && candidate !== '(none)') found[name] = candidate;
  }
  return found;
}

/** `name.arch  version  repository`; only packages that have an update are listed. */
function rpmUpdates(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    lines.flatMap((line) => {
      const [, name, version] = /^(\S+)\.[a-z0-9_]+\s+(\S+)\s+\S+\s*$/.exec(line) ?? [];
      return name === undefined || version === undefined ? [] : [[name, version]];
    }),
  );
}
