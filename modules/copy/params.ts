import { z } from 'zod';
import { attributeParams, bool, fileMode, hostPath, writeParams } from '../../src/sdk/index.ts';

export const Copy = z
  .strictObject({
    src: z
      .string()
      .min(1)
      .optional()
      .describe(
        'file or folder of the controller; a folder with / at its end means what is in it; what the vault has encrypted arrives decrypted',
      ),
    content: z
      .union([z.string(), z.int(), z.record(z.string(), z.unknown()), z.array(z.unknown())], {
        error: 'the content is text (quote it), or a map or list to be written as JSON',
      })
      .optional()
      .describe('the content itself, in place of src; a map or list is written as JSON'),
    dest: hostPath().describe(
      'path on the host; where it ends in / or is a folder, the file goes into it under its own name',
    ),
    ...attributeParams,
    mode: fileMode('preserve')
      .optional()
      .describe(
        'octal text ("0644"), symbolic ("u=rw,go=r") or preserve (as the source has it); default: left alone, 0644 for a new file',
      ),
    directory_mode: fileMode().optional().describe('mode of folders; default: left alone, 0755 for a new one'),
    ...writeParams,
    force: bool().default(true).describe('overwrite a file that differs; no: only make it where there is none'),
    follow: bool()
      .default(false)
      .describe('where dest is a symbolic link, write what it points to; no: replace the link'),
    remote_src: bool().default(false).describe('src is a file of the host itself'),
  })
  .superRefine((p, context) => {
    const issue = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    if ((p.src === undefined) === (p.content === undefined)) issue('src', 'give either src or content');
    if (p.src === undefined && p.remote_src) issue('remote_src', 'remote_src needs src, a path on the host');
    if (p.src === undefined && p.mode === 'preserve') issue('mode', 'there is no source whose mode could be preserved');
    if (p.remote_src && p.src?.startsWith('/') === false)
      issue('src', 'with remote_src, src is a path on the host: begin it with /');
    if (p.src === undefined && p.dest.endsWith('/'))
      issue('dest', 'content has no name of its own: end dest with the name of the file');
  });
export type Copy = z.output<typeof Copy>;
