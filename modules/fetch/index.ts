import { z } from 'zod';
import {
  baseName,
  bool,
  checkAccess,
  controllerPath,
  controllerSha256,
  defineAction,
  fileProbe,
  hostPath,
  missing,
  pathBelow,
  plainPath,
  refuseLinks,
  storeDownload,
  type ActionHost,
  type ActionResult,
} from '../../src/sdk/index.ts';

const Fetch = z.strictObject({
  src: hostPath().transform(plainPath).describe('file on the host; a link is followed'),
  dest: z
    .string()
    .min(1)
    .refine((path) => !/[^/.][^/]*\/+(?:\.\/+)*\.\.(?:\/|$)/.test(path), {
      error: 'dest goes back up with .. after a folder: write where it leads',
    })
    .describe(
      'folder on the controller, relative to the playbook: the file goes to DEST/HOST/SRC; with flat, the file itself. Build it of nothing that the host says of itself (facts, output): it could name any file',
    ),
  flat: bool().default(false).describe('dest is the file; where it ends in /, the folder that the file goes into'),
  fail_on_missing: bool().default(true).describe('a file that is not there fails the task'),
  validate_checksum: bool().default(true).describe('compare hashes after the transfer; no: take the file as it came'),
});
type Fetch = z.output<typeof Fetch>;

export const fetch = defineAction({
  name: 'fetch',
  summary: 'A file of the host, copied to the controller',
  params: Fetch,
  inCheckMode: 'it compares and says whether it would copy; nothing is written on the controller',
  examples: [
    {
      title: 'To logs/HOST/var/log/kern.log',
      params: { src: '/var/log/kern.log', dest: 'logs', fail_on_missing: false },
    },
    { title: 'One file, under a name of its own', params: { src: '/etc/hostname', dest: 'names/kvm01', flat: true } },
  ],
  effect: 'none',
  run: async (p, host) => {
    const target = targetPath(p, host);
    const probe = fileProbe({ path: p.src, follow: true, hash: true });
    const [answer] = await host.run([probe.run]);
    if (answer === undefined) throw new Error('the host gave no answer');
    const seen = probe.parse(answer);
    if (seen.denied || seen.unreadable) checkAccess(seen);
    if (seen.status === null || seen.status.kind === 'link') return absent(p);
    if (seen.status.kind !== 'file') {
      return { changed: false, failed: true, message: `${p.src} is no regular file but a ${seen.status.kind}` };
    }
    return keep(p, host, target, seen.status.sha256 ?? '');
  },
});

/** @throws KvmnetError code `missing`, which in check mode is no failure: an earlier task might have made the file */
function absent(p: Fetch): ActionResult {
  const message = `${p.src} does not exist on the host`;
  if (p.fail_on_missing) throw missing(message, 'say fail_on_missing: no where that is no mistake');
  return { changed: false, message };
}

async function keep(p: Fetch, host: ActionHost, target: string, sha256: string): Promise<ActionResult> {
  const before = await controllerSha256(target);
  const data = { dest: target, file: p.src, checksum: sha256, remote_checksum: sha256 };
  if (before === sha256) return { changed: false, data };
  const changes = [{ path: target, from: before, to: sha256 }];
  if (host.check) return { changed: true, changes, data };
  const expected = p.validate_checksum ? sha256 : undefined;
  if (!p.flat) await refuseLinks(destination(p, host), target);
  const stored = await storeDownload(target, (to) => host.download(p.src, to), expected);
  if (stored === null) {
    const hint = 'try again, or take it as it comes with validate_checksum: no';
    return { changed: false, failed: true, message: `${p.src} changed while it was fetched`, hint, data };
  }
  return { changed: true, changes: [{ path: target, from: before, to: stored }], data: { ...data, checksum: stored } };
}

function destination(p: Fetch, host: ActionHost): string {
  const folder = host.variable('playbook_dir');
  return controllerPath(typeof folder === 'string' ? folder : '.', p.dest);
}

/**
 * Where the file goes. The name of the host may come from a dynamic inventory and the path from the host's facts: neither
 * may lead out of dest.
 */
function targetPath(p: Fetch, host: ActionHost): string {
  const dest = destination(p, host);
  if (!p.flat) return pathBelow(dest, [host.name, ...p.src.split('/').slice(1)]);
  return p.dest.endsWith('/') ? pathBelow(dest, [baseName(p.src)]) : dest;
}
