import { z } from 'zod';
import { attributeParams, bool, hostPath, plainPath } from '../../src/sdk/index.ts';

export const File = z
  .strictObject({
    path: hostPath().transform(plainPath).describe('path on the host'),
    state: z
      .enum(['file', 'directory', 'absent', 'touch', 'link', 'hard'])
      .optional()
      .describe(
        'file: it exists and is a regular file; directory: made with its parents (0755); touch: made empty if nothing is there; link, hard: points to src; absent: gone, folders with all they hold; default: whatever it is, directory with recurse',
      ),
    src: z
      .string()
      .min(1)
      .optional()
      .describe('what a link points to: for link absolute or relative to its folder, for hard an absolute path'),
    ...attributeParams,
    mode: attributeParams.mode.describe(
      'octal text ("0644") or symbolic ("u=rwX,go=rX"); default: left alone, 0644 for a new file, 0755 for a new folder',
    ),
    recurse: bool().default(false).describe('give owner, group and mode to all that a folder holds, too'),
    force: bool()
      .default(false)
      .describe('link, hard: replace a file or an empty folder; link: also to what does not exist'),
    follow: bool()
      .default(true)
      .describe('where path is a symbolic link, owner, group and mode are those of what it points to'),
  })
  .superRefine((p, context) => {
    const issue = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    const links = p.state === 'link' || p.state === 'hard';
    if (links && p.src === undefined) issue('src', `a ${p.state} needs src, what it points to`);
    if (!links && p.src !== undefined) issue('src', 'src is what a link points to: say state: link, or use copy');
    if (p.state === 'hard' && p.src?.startsWith('/') === false)
      issue('src', 'src of a hard link is an absolute path: begin it with /');
    if (p.src?.includes('\0') === true) issue('src', 'a path cannot hold a NUL character');
    if (p.state === 'hard' && (p.mode ?? p.owner ?? p.group) !== undefined)
      issue('state', 'a hard link has owner, group and mode of src: give them to src, in a task of its own');
    if (p.state === 'link' && p.mode !== undefined)
      issue('mode', 'a link has no mode of its own: give it to src, in a task of its own');
    if (p.recurse && p.state !== undefined && p.state !== 'directory')
      issue('recurse', 'recurse needs state: directory');
    if (p.state === 'absent' && isPrecious(p.path))
      issue('path', `${p.path} belongs to the system and is never removed as a whole: name what in it should go`);
  });
export type File = z.output<typeof File>;

const precious: ReadonlySet<string> = new Set(
  'bin boot dev etc home lib lib32 lib64 libx32 media mnt opt proc root run sbin srv sys tmp usr var'
    .split(' ')
    .flatMap((name) => [`/${name}`, `/usr/${name}`, `/var/${name}`]),
);
/** `..` could lead anywhere. */
const isPrecious = (path: string): boolean =>
  path === '/' || precious.has(path) || path === '/usr/local' || path === '/var/log' || path.split('/').includes('..');
