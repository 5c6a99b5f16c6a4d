/** A place in a file of the user's, as shown in errors: `site.yml:12:9`. Lines and columns count from 1. */
export interface SourceLocation {
  /** Path as the user would type it (relative to the working directory where that is shorter), or `<command line>`. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The text of that line, for the code frame. */
  readonly text?: string;
}

export const formatLocation = (at: SourceLocation): string => `${at.file}:${at.line}:${at.column}`;
