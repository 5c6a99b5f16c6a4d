import { bare, ipFamily, type Step } from '../../sdk/index.ts';
import type { Touches } from '../../sdk/module.ts';
import { passedChains, takesOver, type SessionPath } from './session-path.ts';

/** Where a change crosses the path of our session, in words; empty where it does not. */
export function crossings(
  touches: Touches | 'none',
  steps: readonly Step[],
  path: SessionPath | null,
  chains: readonly string[] = [],
): readonly string[] {
  if (path === null || !path.root) return [];
  const files = loginFiles(steps).map((file) => `file ${file}`);
  if (touches === 'none') return files;
  const family = ipFamily(path.client);
  const others = touches.families?.includes(family) === false;
  const ends = [path.server, path.client, path.gateway];
  return [
    ...(touches.links ?? [])
      .filter((link) => (link === everyLink ? !others : path.links.includes(link)))
      .map((link) => (link === everyLink ? 'every interface' : `interface ${link}`)),
    ...(touches.addresses ?? []).filter((address) => ends.includes(bare(address))).map((item) => `address ${item}`),
    ...(others ? [] : (touches.routes ?? []).filter((to) => takesOver(to, path)).map((to) => `route ${to}`)),
    ...(others ? [] : (touches.chains ?? []))
      .filter((chain) => passedChains.includes(chain.replace(/^[^/]*\//, '')) || chains.includes(chain))
      .map((chain) => `chain ${chain}`),
    ...(others ? [] : (touches.protocols ?? []))
      .filter((protocol) => protocol === path.protocol)
      .map((protocol) => `routes of ${protocol}`),
    ...(touches.services ?? []).map((service) => `service ${service}`),
    ...files,
  ];
}

/** In `links` of `Touches`: whichever it is that carries us. */
const everyLink = '*';

/** Whether a change can cross the path at all: only then is it worth asking for it. */
export const mayCross = (touches: Touches | 'none', steps: readonly Step[]): boolean =>
  loginFiles(steps).length > 0 ||
  (touches !== 'none' &&
    [touches.links, touches.addresses, touches.routes, touches.chains, touches.services, touches.protocols].some(
      (list) => (list?.length ?? 0) > 0,
    ));

/** Whether a change touches chains of which it has to be asked who jumps to them. */
export const asksForChains = (touches: Touches | 'none'): boolean =>
  touches !== 'none' &&
  (touches.chains ?? []).some((chain) => !/\/(INPUT|OUTPUT|PREROUTING|POSTROUTING|FORWARD)$/.test(chain));

/** Files that decide at once who may log in, or become root. */
const loginFile =
  /\/[^/]*authorized_(keys|principals)[^/]*(\/[^/]*)?$|^\/etc\/(nologin|hosts\.(allow|deny)|passwd|shadow|group|gshadow|nsswitch\.conf|sudoers|doas\.conf|shells|security\/access\.conf)$|^\/etc\/(pam\.d|sudoers\.d)\/[^/]+$/;

/** Folders that sshd wants to belong to the user, and nobody else to write to. */
const loginFolder = /\/\.ssh\/?$|^\/root\/?$|^\/home\/[^/]+\/?$/;

const loginFiles = (steps: readonly Step[]): readonly string[] => [
  ...new Set(
    steps.flatMap((step) => {
      if (step.kind === 'write' || step.kind === 'remove') {
        return loginFile.test(step.path) || (step.kind === 'remove' && loginFolder.test(step.path)) ? [step.path] : [];
      }
      if (step.kind !== 'exec' || !filePrograms.has(step.argv[0] ?? '')) return [];
      return step.argv.slice(1).filter((word) => loginFile.test(word) || loginFolder.test(word));
    }),
  ),
];

const filePrograms: ReadonlySet<string> = new Set(['chmod', 'chown', 'chgrp', 'mv', 'rm', 'rmdir', 'ln']);
