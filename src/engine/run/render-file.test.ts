import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plainVars } from '../../lang/lazy.ts';
import { folderFiles, type FolderFiles } from '../../sdk/testing/folder-files.ts';
import { controllerFiles, FileHashes } from '../controller-files.ts';
import { renderFile } from './render-file.ts';

describe('a template file', () => {
  let project: FolderFiles;
  beforeAll(() => {
    project = folderFiles();
    const files = {
      'templates/frr.conf.hbs': 'router\n  {{> area.conf}}\n{{> parts/tail}}',
      'templates/area.conf': 'area {{area}}\n',
      'templates/parts/tail.hbs': '{{> end}}',
      'templates/parts/end.hbs': 'end of {{name}}',
      'templates/both.hbs': '{{> end}}',
      'roles/edge/templates/both.hbs': '{{> shared}} {{> end}}',
      'roles/edge/templates/end.hbs': 'the role',
      'templates/shared.hbs': 'shared',
      'templates/lost.hbs': 'x\n  {{> nowhere}}',
      'templates/wrong.hbs': '{{> parts/bad}}',
      'templates/parts/bad.hbs': '\n{{nope}}',
    };
    for (const [name, text] of Object.entries(files)) project.put(name, text);
  });
  afterAll(() => project.close());

  const render = (path: string): Promise<string> =>
    controllerFiles({
      folders: [`${project.root}/roles/edge`, project.root],
      hashes: new FileHashes(),
      render: (text, file, find) => renderFile(text, file, find, plainVars({ area: 0, name: 'kvm01' })),
      open: () => Promise.reject(new Error('nothing is encrypted')),
    }).render(path);

  it('takes in files beside it, and these files beside them', async () => {
    expect(await render('frr.conf.hbs')).toBe('router\n  area 0\nend of kvm01');
  });

  it('looks in the folders of role and playbook as well, nearest first', async () => {
    expect(await render('both.hbs')).toBe('shared the role');
  });

  it('says where a partial is missing, and where it was looked for', async () => {
    await expect(render('lost.hbs')).rejects.toMatchObject({
      code: 'template',
      message: 'there is no partial "nowhere"',
      at: { file: expect.stringMatching(/templates\/lost\.hbs$/), line: 2, column: 3, text: '  {{> nowhere}}' },
      hint: expect.stringMatching(/templates\/nowhere, .*templates\/nowhere\.hbs, .*roles\/edge\/templates\/nowhere/),
    });
  });

  it('shows a mistake in a partial where it stands', async () => {
    await expect(render('wrong.hbs')).rejects.toMatchObject({
      at: { file: expect.stringMatching(/templates\/parts\/bad\.hbs$/), line: 2, column: 3 },
    });
  });
});
