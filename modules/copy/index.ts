import {
  defineModule,
  fileProbe,
  missing,
  placedProbe,
  placedReturns,
  placedState,
  placedSteps,
  placedTexts,
  noProbe,
  refuse,
  treeProbe,
  wantPlaced,
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
    dest: p.source.kind === 'tree' ? rootProbe(p) : placedProbe(placing(p), shown(p)),
    source: p.source.kind === 'host' ? fileProbe({ path: p.source.path, follow: true, hash: true }) : nothing,
    tree: p.source.kind === 'tree' ? treeProbe({ paths: treePaths(p, p.source), follow: p.follow }) : noTree,
  }),
  state: (seen, p): State | null => {
    if (p.source.kind !== 'tree') {
      const whole = placedState(seen.dest, placing(p));
      return whole === null ? null : { ...whole, entries: null };
    }
    const entries = treeEntries(p, p.source, seen.dest, seen.tree);
    return { ...unset, path: p.dest, type: 'tree', entries };
  },
  want: (p, now, seen): Want<State> => {
    if (p.source.kind === 'tree') {
      return { path: p.dest, entries: wantEntries(p, p.source, now?.entries ?? {}, seen.dest) };
    }
    const { sha256, mode } = sourceOf(p, seen.source);
    return wantPlaced(placing(p, mode), single(now), seen.dest, sha256);
  },
  steps: (from, to, p, seen) => {
    if (p.source.kind === 'tree') {
      return treeSteps(from?.entries ?? {}, to?.entries ?? {}, p, p.source, seen?.dest.ancestor ?? '/');
    }
    const content = (sha256: string) => contentFor(sha256, p, seen?.source ?? null);
    return placedSteps(single(from), single(to), placing(p), content);
  },
  texts: (seen, p) =>
    p.source.kind === 'content' && p.source.secret !== true ? placedTexts(seen.dest, p.source.content) : [],
  returns: (p, now) => placedReturns(placing(p), single(now)),
});

const nothing = noProbe<FileSeen | null>(null);
const noTree = noProbe<ReadonlyMap<string, FileStatus | null>>(new Map());
const unset = { sha256: null, mode: null, owner: null, group: null, target: null, backup: null } as const;

/** The root of a tree may be a link to a folder, which is then the folder. */
const rootProbe = (p: Plan) => fileProbe({ path: p.dest, follow: true, owner: p.owner, group: p.group });

/** @param sourceMode - what `preserve` stands for */
const placing = (p: Plan, sourceMode?: string) => ({ ...p, mode: p.mode === 'preserve' ? sourceMode : p.mode });

/** Hash of a content that a difference could be shown of. */
const shown = (p: Plan): string | undefined =>
  p.source.kind === 'content' && typeof p.source.content === 'string' ? p.source.sha256 : undefined;

const single = (state: State | null): WholeFile | null => {
  if (state === null || state.type === 'tree') return null;
  return { ...state, type: state.type };
};

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
