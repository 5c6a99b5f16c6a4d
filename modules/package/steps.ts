import { exec, sh, snippet, type Step } from '../../src/sdk/index.ts';
import type { Package } from './params.ts';

export interface Plan {
  /** Package names, with `=VERSION` where one version is meant. */
  readonly install: readonly string[];
  readonly remove: readonly string[];
  /** Read the lists anew first. */
  readonly update: boolean;
}

/** One transaction for all, so that packages which exclude each other can change places. */
export function aptSteps({ install, remove, update }: Plan, p: Package): Step[] {
  const lock = String(Math.ceil(p.lock_timeout));
  const names = [...install, ...(install.length > 0 ? remove.map((name) => `${name}-`) : remove)];
  const verb = install.length > 0 ? 'install' : 'remove';
  const downgrade = install.some((name) => name.includes('=')) ? ['--allow-downgrades'] : [];
  // Old configuration files stay: a question would wait for ever.
  const options = [
    '-q',
    '-y',
    '-o',
    'Dpkg::Options::=--force-confdef',
    '-o',
    'Dpkg::Options::=--force-confold',
    ...downgrade,
  ];
  const argv = ['apt-get', ...options, '-o', `DPkg::Lock::Timeout=${lock}`, verb, '--', ...names];
  return [
    ...(update ? [snippet(aptUpdate, [lock])] : []),
    ...(names.length > 0 ? [snippet(dpkgConfigure, []), exec(argv, { environment: quiet })] : []),
  ];
}

const quiet = {
  DEBIAN_FRONTEND: 'noninteractive',
  APT_LISTCHANGES_FRONTEND: 'none',
  UCF_FORCE_CONFFOLD: '1',
  NEEDRESTART_SUSPEND: '1',
};

// DPkg::Lock::Timeout does not hold for the lock of the lists. apt leaves their folder untouched when nothing was new, but
// its age is what says when they were read.
const aptUpdate = sh`n=0
while ! o=$(DEBIAN_FRONTEND=noninteractive apt-get -q -y update 2>&1 >/dev/null); do
  case $o in
  *'Could not get lock'*|*'Unable to lock'*) if [ $n -lt "$1" ]; then n=$((n+2)); sleep 2; continue; fi;;
  esac
  printf '%s\n' "$o" >&2; exit 100
done
touch /var/lib/apt/lists`;

// apt refuses everything while dpkg has not finished what it was once interrupted in.
const dpkgConfigure = sh`for f in /var/lib/dpkg/updates/*; do
  if [ -e "$f" ]; then DEBIAN_FRONTEND=noninteractive dpkg --force-confdef --force-confold --configure -a; exit; fi
done`;

/** dnf and yum wait for their lock themselves. */
export function rpmSteps({ install, remove, update }: Plan, p: Package, manager: string): Step[] {
  const repositories = p.enablerepo.length === 0 ? [] : [`--enablerepo=${p.enablerepo.join(',')}`];
  const run = (verb: string, names: readonly string[]): Step =>
    snippet(rpmTool, [
      '',
      manager,
      '-q',
      '-y',
      ...repositories,
      verb,
      '--',
      ...names.map((name) => name.replace('=', '-')),
    ]);
  return [
    ...(update ? [snippet(rpmTool, ['u', manager, '-q', '-y', ...repositories, 'makecache'])] : []),
    ...(remove.length > 0 ? [run('remove', remove)] : []),
    ...(install.length > 0 ? [run('install', install)] : []),
  ];
}

const rpmTool = sh`u=$1; shift
"$@" || exit
if [ -n "$u" ]; then for d in /var/cache/dnf /var/cache/libdnf5 /var/cache/yum; do if [ -d $d ]; then touch $d; fi; done; fi`;
