import type { Registry } from '../../engine/registry.ts';
import { languageMarkdown, languagePages } from './language-pages.ts';
import { modulePage } from './module-page.ts';
import { settingsPage } from './settings-page.ts';
import { indexMarkdown, pageMarkdown } from './page-markdown.ts';

/** The generated files below `docs/` with their content. */
export async function allPages(registry: Registry): Promise<ReadonlyMap<string, string>> {
  const modules = await Promise.all(registry.names().map((name) => registry.get(name)));
  const pages = modules.flatMap((module) => (module === undefined ? [] : [modulePage(module)]));
  return new Map([
    ['configuration.md', settingsPage()],
    ...languagePages.map((page) => [`${page.name}.md`, languageMarkdown(page)] as const),
    ['modules/README.md', indexMarkdown(pages)],
    ...pages.map((page) => [`modules/${page.name}.md`, pageMarkdown(page)] as const),
  ]);
}
