import { z } from 'zod';
import {
  bool,
  checkAccess,
  defineAction,
  fileProbe,
  hostPath,
  plainPath,
  type FileStatus,
  type ProbeCommand,
} from '../../src/sdk/index.ts';

const Stat = z.strictObject({
  path: hostPath().transform(plainPath).describe('path on the host'),
  follow: bool().default(false).describe('look at what a symbolic link points to'),
  get_checksum: bool()
    .default(false)
    .describe('read the whole file and give its SHA-256 as stat.checksum (Ansible does so unless told otherwise)'),
});

export const stat = defineAction({
  name: 'stat',
  summary: 'What stands at a path: registered as stat.exists, stat.size, stat.mode …',
  params: Stat,
  examples: [
    { title: 'Is it there', params: { path: '/etc/frr/frr.conf' } },
    {
      title: 'The hash of what a link points to',
      params: { path: '/etc/os-release', follow: true, get_checksum: true },
    },
  ],
  effect: 'none',
  shortForm: 'path',
  looks: (p) => looks(p),
  run: async (p, host) => {
    const [status, source] = await host.look(looks(p));
    if (status === undefined) throw new Error('the host gave no answer');
    const seen = fileAt(p).parse(status);
    if (seen.denied || seen.unreadable) checkAccess(seen);
    if (seen.status === null) return { changed: false, data: { stat: { exists: false, path: p.path } } };
    const link =
      seen.status.kind === 'link' ? { lnk_source: source?.stdout ?? '', lnk_target: seen.status.target } : {};
    return { changed: false, data: { stat: { exists: true, path: p.path, ...fields(seen.status), ...link } } };
  },
});

const fileAt = (p: z.output<typeof Stat>): ReturnType<typeof fileProbe> =>
  fileProbe({ path: p.path, follow: p.follow, hash: p.get_checksum });

const looks = (p: z.output<typeof Stat>): readonly ProbeCommand[] => [
  fileAt(p).run,
  { argv: ['readlink', '-fn', '--', p.path] },
];

/** Under the names that Ansible gives them. */
function fields(status: FileStatus): Readonly<Record<string, unknown>> {
  const bits = Number.parseInt(status.mode, 8);
  const permissions = ['rusr', 'wusr', 'xusr', 'rgrp', 'wgrp', 'xgrp', 'roth', 'woth', 'xoth'];
  return {
    isreg: status.kind === 'file',
    isdir: status.kind === 'directory',
    islnk: status.kind === 'link',
    isfifo: status.kind === 'fifo',
    issock: status.kind === 'socket',
    isblk: status.kind === 'block',
    ischr: status.kind === 'char',
    mode: status.mode,
    ...Object.fromEntries(permissions.map((name, i) => [name, (bits & (0o400 >> i)) !== 0])),
    isuid: (bits & 0o4000) !== 0,
    isgid: (bits & 0o2000) !== 0,
    uid: status.uid,
    gid: status.gid,
    pw_name: status.owner,
    gr_name: status.group,
    size: status.size,
    mtime: status.mtime,
    nlink: status.links,
    inode: status.inode,
    dev: status.device,
    ...(status.sha256 === undefined ? {} : { checksum: status.sha256 }),
  };
}
