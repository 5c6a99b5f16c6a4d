import { bool } from '../schemas/bool.ts';
import { checkCommand } from './check-command.ts';
import { fileMode } from './mode.ts';
import { ownerName } from './owner-name.ts';

/** Parameters of every module that makes or changes a file: who owns it and who may use it. */
export const attributeParams = {
  owner: ownerName().optional().describe('user that owns it, by name or number; default: left alone'),
  group: ownerName().optional().describe('group that owns it, by name or number; default: left alone'),
  mode: fileMode()
    .optional()
    .describe('octal text ("0644") or symbolic ("u=rw,go=r"); default: left alone, 0644 for a new file'),
};

/** Parameters of every module that writes a file. */
export const writeParams = {
  backup: bool().default(false).describe('keep what is overwritten beside it, as PATH.TIMESTAMP~'),
  validate: checkCommand()
    .optional()
    .describe('program that judges the new file before it takes its place, e.g. "visudo -cf %s"; no shell'),
};

/** Their values, with what `prepare` adds. */
export interface PlaceParams {
  readonly owner?: string | undefined;
  readonly group?: string | undefined;
  readonly mode?: string | undefined;
  readonly backup: boolean;
  readonly validate?: readonly string[] | undefined;
  /** End of the name of a backup: see {@link timestamp}. */
  readonly stamp: string;
}

/** As Ansible writes it, less the process id: `2026-11-23@13:51:12~`, in UTC. */
export const timestamp = (now: Date): string => `${now.toISOString().slice(0, 19).replace('T', '@')}~`;

export const backupPath = (path: string, p: PlaceParams): string | undefined =>
  p.backup ? `${path}.${p.stamp}` : undefined;
