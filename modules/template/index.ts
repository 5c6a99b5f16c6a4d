import { z } from 'zod';
import {
  attributeParams,
  baseName,
  bool,
  defineModule,
  hostPath,
  placedProbe,
  placedReturns,
  placedState,
  placedSteps,
  placedTexts,
  plainPath,
  textContent,
  timestamp,
  wantPlaced,
  writeParams,
} from '../../src/sdk/index.ts';

const Template = z.strictObject({
  src: z
    .string()
    .min(1)
    .describe(
      'Handlebars template of the controller: in the templates folder of role or playbook; it may be encrypted with the vault',
    ),
  dest: hostPath().describe(
    'path on the host; where it ends in / or is a folder, the file goes into it as src is named',
  ),
  ...attributeParams,
  ...writeParams,
  force: bool().default(true).describe('overwrite a file that differs; no: only make it where there is none'),
  follow: bool()
    .default(false)
    .describe('where dest is a symbolic link, write what it points to; no: replace the link'),
  newline_sequence: z
    .enum(['\n', '\r\n', '\r'])
    .default('\n')
    .describe('how lines end in the file on the host; "\\n" leaves the text as the template gives it'),
});

export const template = defineModule({
  name: 'template',
  summary: 'A file on the host, made from a Handlebars template',
  params: Template,
  examples: [
    {
      title: 'The configuration of a daemon, checked before it takes effect',
      params: {
        src: 'frr.conf',
        dest: '/etc/frr/frr.conf',
        owner: 'frr',
        group: 'frr',
        mode: '0640',
        validate: 'vtysh -C -f %s',
      },
    },
    { title: 'Into a folder, keeping the old file', params: { src: 'motd', dest: '/etc/', backup: true } },
  ],
  prepare: async (p, files) => {
    const text = await files.render(p.src);
    const { encrypted } = await files.stat(files.resolve(p.src, 'templates'));
    const content = p.newline_sequence === '\n' ? text : text.replace(/\r?\n/g, p.newline_sequence);
    const [dest, name] = [plainPath(p.dest), baseName(p.src)];
    const target = p.dest.endsWith('/') ? { dest: `${dest === '/' ? '' : dest}/${name}` } : { dest, name };
    return { ...p, ...target, stamp: timestamp(new Date()), source: textContent(content), secret: encrypted === true };
  },
  probes: (p) => ({ dest: placedProbe(p, p.source.sha256) }),
  state: (seen, p) => placedState(seen.dest, p),
  want: (p, now, seen) => wantPlaced(p, now, seen.dest, p.source.sha256),
  steps: (from, to, p) =>
    placedSteps(from, to, p, (sha256) => (sha256 === p.source.sha256 ? p.source.content : undefined)),
  texts: (seen, p) => (p.secret ? [] : placedTexts(seen.dest, p.source.content)),
  returns: (p, now) => placedReturns(p, now),
});
