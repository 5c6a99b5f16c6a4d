import { offsetOf, isBlock, isPartial, parseTemplate, partialName } from './template-parse.ts';
import type { TextOrigin } from './source-text.ts';
import type { SourceLocation } from '../util/source.ts';

/** A text that other templates take in with `{{> name}}`. */
export interface PartialText {
  readonly text: string;
  readonly origin: TextOrigin;
  /** Its file: the same one is read once, and looks for its own partials beside itself. */
  readonly file: string;
}

/** Finds a partial. @throws KvmnetError with the given place where there is none */
export type FindPartial = (name: string, includer: string, at: SourceLocation) => Promise<PartialText>;

/** A parsed template file with all that it takes in. */
export interface TemplateFile extends PartialText {
  readonly program: hbs.AST.Program;
  /** By the name that it calls them. */
  readonly partials: ReadonlyMap<string, TemplateFile>;
}

/** Parses a template file and whatever it takes in. @throws KvmnetError code `template` with the place of the mistake */
export async function parseFile(
  source: PartialText,
  find: FindPartial,
  known = new Map<string, TemplateFile>(),
): Promise<TemplateFile> {
  const before = known.get(source.file);
  if (before !== undefined) return before;
  const program = parseTemplate(source.text, source.origin, 'file');
  const partials = new Map<string, TemplateFile>();
  const parsed = { ...source, program, partials };
  known.set(source.file, parsed);
  for (const node of partialsOf(program)) {
    const name = partialName(node);
    if (name === undefined || partials.has(name)) continue;
    const at = source.origin.locate(offsetOf(source.text, node.loc.start));
    partials.set(name, await parseFile(await find(name, source.file, at), find, known));
  }
  return parsed;
}

function* partialsOf(program: hbs.AST.Program): Generator<hbs.AST.PartialStatement> {
  for (const node of program.body) {
    if (isPartial(node)) yield node;
    else if (isBlock(node)) {
      yield* partialsOf(node.program);
      if ((node.inverse as hbs.AST.Program | undefined) !== undefined) yield* partialsOf(node.inverse);
    }
  }
}
