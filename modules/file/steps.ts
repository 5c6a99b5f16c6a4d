import {
  linkScript,
  makeFolder,
  ownerAndModeSteps,
  remove,
  sh,
  snippet,
  unmakeFolder,
  write,
  type Step,
} from '../../src/sdk/index.ts';
import { belowSteps } from './below.ts';
import type { File } from './params.ts';
import { wanted, type State } from './state.ts';

/** @param ancestor - the nearest folder above the path that was there before */
export function fileSteps(from: State | null, to: State | null, p: File, ancestor: string): readonly Step[] {
  if (to === null) return from === null ? [] : removal(from, p, ancestor);
  if (from === null && !canMake(to)) return [];
  const made = from?.type === to.type && from.target === to.target ? [] : making(from, to, p);
  // What stood there before says nothing of the link that takes its place; what is made anew has nothing of its attributes.
  const replaced = from !== null && from.type !== to.type && to.type === wanted(p);
  const attributes = replaced ? { owner: p.owner && to.owner, group: p.group && to.group } : to;
  return [
    ...made,
    ...ownerAndModeSteps(p.path, made.length === 0 ? { ...from } : {}, attributes, to.type === 'link'),
    ...belowSteps(p.path, from?.below ?? {}, to.below ?? {}),
  ];
}

/** Only `absent` says that what a folder holds should go: undo of a folder leaves what came into it since. */
function removal(from: State, p: File, ancestor: string): readonly Step[] {
  if (from.type !== 'directory') return [remove(p.path)];
  return wanted(p) === 'absent' ? [remove(p.path, { recursive: true })] : unmakeFolder(p.path, ancestor);
}

/** A socket, a pipe or a device is not made again: whose it was has to see to that. */
export const canMake = ({ type }: State): boolean => ['file', 'directory', 'link', 'hard'].includes(type);

function making(from: State | null, to: State, p: File): readonly Step[] {
  // Removed by a step of its own, so that the undo store keeps it.
  const cleared = from === null || from.type === 'link' ? [] : [remove(p.path)];
  switch (to.type) {
    case 'directory':
      return [...(from === null ? [] : [remove(p.path)]), makeFolder(p.path)];
    case 'link':
      return [...cleared, snippet(linkScript, [p.path, to.target ?? ''])];
    case 'hard':
      return [...(from === null ? [] : [remove(p.path)]), snippet(hardScript, [p.path, to.target ?? ''])];
    case 'file':
      return [
        write(p.path, typeof to.sha256 === 'string' ? { stored: to.sha256 } : '', {
          follow: false,
          mode: to.mode ?? undefined,
        }),
      ];
    default:
      return [];
  }
}

/** "$1" path, "$2" file that it becomes another name of. */
const hardScript = sh`ln -- "$2" "$1"`;
