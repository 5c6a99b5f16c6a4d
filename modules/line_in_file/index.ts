import {
  defineModule,
  editedProbe,
  editedReturns,
  editedState,
  editedSteps,
  editedTexts,
  timestamp,
  wantEdited,
} from '../../src/sdk/index.ts';
import { editLines } from './edit.ts';
import { LineInFile } from './params.ts';

export const lineInFile = defineModule({
  name: 'line_in_file',
  summary: 'One line in a text file',
  params: LineInFile,
  examples: [
    {
      title: 'A setting, wherever it stands now, commented out or not',
      params: { path: '/etc/login.defs', regexp: '^#?\\s*UMASK\\b', line: 'UMASK 027' },
    },
    {
      title: 'A line that must be there, in a file that may not be',
      params: { path: '/etc/modules-load.d/vfio.conf', line: 'vfio-pci', create: true, mode: '0644' },
    },
    {
      title: 'Lines that must go',
      params: { path: '/etc/hosts', regexp: '\\sold\\.example\\.org$', state: 'absent', backup: true },
    },
  ],
  prepare: async (p) => ({ ...p, stamp: timestamp(new Date()) }),
  probes: (p) => ({ file: editedProbe(p) }),
  state: (seen, p) => editedState(seen.file, p),
  want: (p, now, seen) => wantEdited(p, now, seen.file, editLines),
  steps: (from, to, p, seen) => editedSteps(from, to, p, seen?.file, editLines),
  texts: (seen, p) => editedTexts(seen.file, p, editLines),
  returns: (p, now) => editedReturns(p, now),
});
