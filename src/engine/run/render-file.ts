import { compileTemplateFile, originAt, type TextOrigin, type VarSource } from '../../lang/index.ts';
import { displayPath } from '../../playbook/display-path.ts';
import { KvmnetError } from '../../util/errors.ts';
import type { FindPartialFile } from '../controller-files.ts';

/** Renders a template file of the controller, with the partials that it takes in. */
export async function renderFile(text: string, file: string, find: FindPartialFile, vars: VarSource): Promise<string> {
  const template = await compileTemplateFile(
    { text, file, origin: originOf(file, text) },
    async (name, includer, at) => {
      const found = await find(name, includer);
      if ('text' in found) return { ...found, origin: originOf(found.file, found.text) };
      throw new KvmnetError('template', `there is no partial "${name}"`, {
        at,
        hint: `looked at ${found.looked.map(displayPath).join(', ')}`,
      });
    },
  );
  return template.render(vars);
}

const originOf = (file: string, text: string): TextOrigin =>
  originAt({ file: displayPath(file), line: 1, column: 1, text: text.split('\n', 1)[0] ?? '' }, text);
