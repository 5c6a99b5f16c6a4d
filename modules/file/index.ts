import {
  defineModule,
  fileProbe,
  folderOf,
  noProbe,
  probeScript,
  sh,
  wantOwnerAndMode,
  type FileSeen,
  type Want,
} from '../../src/sdk/index.ts';
import { belowProbe, wantBelow, type Below } from './below.ts';
import { File } from './params.ts';
import { fileState, wanted, type State } from './state.ts';
import { canMake, fileSteps } from './steps.ts';

export const file = defineModule({
  name: 'file',
  summary: 'A folder, a link, an empty file, or owner and mode of what is there; times are left alone',
  params: File,
  examples: [
    { title: 'A folder', params: { path: '/etc/kvmnet.d', state: 'directory', owner: 'root', mode: '0750' } },
    { title: 'A link', params: { path: '/etc/localtime', state: 'link', src: '/usr/share/zoneinfo/UTC', force: true } },
    { title: 'Something that must not be there', params: { path: '/etc/network/interfaces.d/setup', state: 'absent' } },
    {
      title: 'Everything in a folder readable to a group',
      params: { path: '/etc/apt', state: 'directory', recurse: true, group: 'root', mode: 'u=rwX,go=rX' },
    },
  ],
  probes: (p) => ({
    path: pathProbe(p),
    src:
      p.src === undefined
        ? noProbe<FileSeen | null>(null)
        : fileProbe({ path: sourcePath(p), follow: p.state === 'link' }),
    below: p.recurse ? belowProbe(p) : noProbe<Below | null>(null),
    full: p.state === 'absent' || p.force ? fullProbe(p.path) : noProbe(false),
  }),
  state: (seen, p): State | null => fileState(seen, p),
  want: (p, now, seen): Want<State> | null => {
    const goal = wanted(p);
    if (goal === 'absent') return null;
    const { src = '' } = p;
    const isFolder = goal === 'directory' || now?.type === 'directory';
    const current = now?.mode ?? (isFolder ? '0755' : '0644');
    const attributes = wantOwnerAndMode(p, seen.path, current, isFolder);
    if (goal === 'link') return { type: 'link', target: src, owner: attributes.owner, group: attributes.group };
    if (goal === 'hard') return { type: 'hard', target: src };
    if (goal === 'directory' && p.recurse) {
      return { type: 'directory', ...attributes, below: wantBelow(now?.below ?? {}, attributes, p.mode) };
    }
    if (now?.type === 'link') return { owner: attributes.owner, group: attributes.group };
    if (now !== null && (goal === 'any' || goal === 'touch')) return attributes;
    return { type: goal === 'directory' ? 'directory' : 'file', ...attributes };
  },
  steps: (from, to, p, seen) => fileSteps(from, to, p, seen?.path.ancestor ?? folderOf(p.path)),
  warnings: (p, now, seen) => {
    if (p.state !== 'absent' || now === null) return [];
    if (!canMake(now)) return [`${p.path} is a ${now.type}: undo does not bring it back`];
    return seen.full ? [`${p.path} holds something: undo brings the folder back, but not what it held`] : [];
  },
  returns: (p) => ({ path: p.path }),
});

/** A link is itself meant where it is made, replaced or removed. */
const pathProbe = (p: File) => {
  const replaces = p.state === 'absent' || p.state === 'link' || p.state === 'hard';
  return fileProbe({ path: p.path, follow: p.follow && !replaces, owner: p.owner, group: p.group, hash: replaces });
};

/** What a link points to, from the link's folder. */
const sourcePath = ({ path, src = '' }: File): string => (src.startsWith('/') ? src : `${folderOf(path)}/${src}`);

const fullProbe = (path: string) =>
  probeScript(
    sh`if [ -d "$1" ] && [ ! -L "$1" ]; then ls -A -- "$1" | head -n 1; fi`,
    [path],
    ({ stdout }) => stdout !== '',
  );
