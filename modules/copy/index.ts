import {
  defineModule,
  fileProbe,
  needFolder,
  plainPath,
  probe,
  refuse,
  missing,
  textOf,
  treeProbe,
  wantOwnerAndMode,
  wholeFile,
  wholeFileSteps,
  type Content,
  type FileSeen,
  type FileStatus,
  type Want,
  type WholeFile,
} from '../../src/sdk/index.ts';
import { Copy } from './params.ts';
import { planCopy, type Plan } from './plan.ts';
import { treeEntries, treePaths, treeSteps, wantEntries, type Entries } from './tree.ts';

/** A file, or with `entries` a folder and what of it comes from the source. */
type State = Omit<WholeFile, 'type'> & { readonly type: WholeFile['type'] | 'tree'; readonly entries: Entries | null };

/** Old content up to this many bytes is read for `--diff`, where it differs. */
const diffLimit = 64 * 1024;

export const copy = defineModule({
  name: 'copy',
  summary: 'A file, or a folder of files, on the host',
  params: Copy,
  examples: [
    {
      title: 'A file with content from the playbook',
      params: { content: 'net.ipv4.ip_forward = 1\n', dest: '/etc/sysctl.d/60-router.conf', mode: '0644' },
    },
    {
      title: 'Sudo rights, checked before they take effect',
      params: {
        content: 'deploy ALL=(ALL) NOPASSWD: /usr/bin/virsh\n',
        dest: '/etc/sudoers.d/deploy',
        mode: '0440',
        validate: 'grep -q deploy %s',
      },
    },
    {
      title: 'A copy of a file that is on the host already, kept beside what it overwrites',
      params: { src: '/etc/hosts', dest: '/var/tmp/hosts', remote_src: true, mode: 'preserve', backup: true },
    },
  ],
  prepare: planCopy,
  probes: (p) => ({
    dest: destProbe(p),
    source: p.source.kind === 'host' ? fileProbe({ path: p.source.path, follow: true, hash: true }) : nothing,
    tree: p.source.kind === 'tree' ? treeProbe({ paths: treePaths(p, p.source), follow: p.follow }) : noTree,
  }),
  state: (seen, p): State | null => {
    if (p.source.kind !== 'tree') {
      const whole = wholeFile(seen.dest);
      if (whole === null) needFolder(seen.dest);
      return whole === null ? null : { ...whole, entries: null };
    }
    checkRoot(seen.dest);
    const entries = treeEntries(p, p.source, seen.dest, seen.tree);
    return { path: p.dest, type: 'tree', sha256: null, mode: null, owner: null, group: null, target: null, entries };
  },
  want: (p, now, seen): Want<State> => {
    if (p.source.kind === 'tree') {
      return { path: p.dest, entries: wantEntries(p, p.source, now?.entries ?? {}, seen.dest) };
    }
    if (now !== null && !p.force) return {};
    const { sha256, mode: sourceMode } = sourceOf(p, seen.source);
    const mode = p.mode === 'preserve' ? sourceMode : p.mode;
    const current = (now?.type === 'file' ? now.mode : null) ?? '0644';
    return { path: seen.dest.path, type: 'file', sha256, ...wantOwnerAndMode({ ...p, mode }, seen.dest, current) };
  },
  steps: (from, to, p, seen) => {
    if (p.source.kind === 'tree') {
      return treeSteps(from?.entries ?? {}, to?.entries ?? {}, p, p.source, seen?.dest.ancestor ?? '/');
    }
    const path = to?.path ?? from?.path ?? p.dest;
    return wholeFileSteps(single(from), single(to), {
      content: (sha256) => contentFor(sha256, p, seen?.source ?? null),
      follow: p.follow,
      validate: p.validate,
      backup: p.backup ? `${path}.${p.stamp}` : undefined,
    });
  },
  texts: (seen, p) => {
    if (p.source.kind !== 'content' || typeof p.source.content !== 'string') return [];
    const { status, path } = seen.dest;
    const before = status === null ? '' : status.content === undefined ? undefined : textOf(status.content);
    return before === undefined ? [] : [{ path, before, after: p.source.content }];
  },
  returns: (p, now) => ({
    dest: now?.path ?? plainPath(p.dest),
    ...(p.source.kind === 'content' ? { checksum: p.source.sha256 } : {}),
    ...(p.backup && now?.type === 'file' ? { backup_file: `${now.path}.${p.stamp}` } : {}),
  }),
});

const nothing = probe(['true'], (): FileSeen | null => null);
const noTree = probe(['true'], (): ReadonlyMap<string, FileStatus | null> => new Map());

const destProbe = (p: Plan) =>
  fileProbe({
    path: plainPath(p.dest),
    into: p.name,
    // The root of a tree may be a link to a folder, which is then the folder.
    follow: p.follow || p.source.kind === 'tree',
    owner: p.owner,
    group: p.group,
    hash: p.source.kind !== 'tree',
    ...(p.source.kind === 'content' ? { content: diffLimit, unless: p.source.sha256 } : {}),
  });

const single = (state: State | null): WholeFile | null =>
  state === null || state.type === 'tree' ? null : { ...state, type: state.type };

function checkRoot(root: FileSeen): void {
  if (root.denied) throw refuse(`${root.path} cannot be looked at: permission denied`, 'become root: become: true');
  if (!root.reachable)
    throw refuse(`${root.path} cannot exist: something above it is no folder`, 'remove what stands there');
}

/** Hash and mode of the source. @throws KvmnetError where it is on the host and is no file */
function sourceOf(p: Plan, onHost: FileSeen | null): { readonly sha256: string; readonly mode?: string | undefined } {
  if (p.source.kind === 'content') return p.source;
  const path = p.source.kind === 'host' ? p.source.path : '';
  const status = onHost?.status ?? null;
  if (status === null)
    throw missing(`there is no file ${path} on the host`, 'remote_src means a path on the host, not on the controller');
  if (status.kind !== 'file')
    throw refuse(`${path} is no regular file but a ${status.kind}`, 'copy folders of the host with command: cp -a');
  if (status.sha256 === undefined)
    throw refuse(`${path} cannot be read: permission denied`, 'become root: become: true');
  return { sha256: status.sha256, mode: status.mode };
}

function contentFor(sha256: string, p: Plan, onHost: FileSeen | null): Content | undefined {
  if (p.source.kind === 'content') return sha256 === p.source.sha256 ? p.source.content : undefined;
  if (p.source.kind === 'host' && sha256 === onHost?.status?.sha256) return { onHost: p.source.path };
  return undefined;
}
