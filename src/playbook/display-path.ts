import { relative } from 'node:path';

/** A path as the user would type it: relative to the working directory where that is shorter. */
export function displayPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short !== '' && short.length < path.length ? short : path;
}
