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
import { editBlock } from './edit.ts';
import { BlockInFile } from './params.ts';

export const blockInFile = defineModule({
  name: 'block_in_file',
  summary: 'Some lines in a text file, between two marker lines',
  params: BlockInFile,
  examples: [
    {
      title: 'The tunnel ends by name, whatever else stands in the file',
      params: { path: '/etc/hosts', block: '10.0.1.1 kvm01-vtep\n10.0.1.2 kvm02-vtep\n' },
    },
    {
      title: 'Into a file with other comments, checked before it takes effect',
      params: {
        path: '/etc/ssh/sshd_config',
        marker: '# {mark} kvmnet: hypervisors',
        block: 'Match Address 10.0.1.0/24\n  PermitRootLogin prohibit-password\n',
        insertafter: 'EOF',
        validate: 'test -s %s',
        backup: true,
      },
    },
    { title: 'A block that must go', params: { path: '/etc/hosts', state: 'absent' } },
  ],
  prepare: async (p) => ({ ...p, stamp: timestamp(new Date()) }),
  probes: (p) => ({ file: editedProbe(p) }),
  state: (seen, p) => editedState(seen.file, p),
  want: (p, now, seen) => wantEdited(p, now, seen.file, editBlock),
  steps: (from, to, p, seen) => editedSteps(from, to, p, seen?.file, editBlock),
  texts: (seen, p) => editedTexts(seen.file, p, editBlock),
  returns: (p, now) => editedReturns(p, now),
});
