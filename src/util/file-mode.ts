import { statSync } from 'node:fs';

/** Whether every user of the controller may change that file, or put files into that folder. A sticky bit does not help: it
 * keeps files from being replaced, not from being put there. */
export const writableByAll = (path: string): boolean => (statSync(path).mode & 0o002) !== 0;
