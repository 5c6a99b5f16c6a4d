import { z } from 'zod';

/**
 * A path on a host: absolute, any characters but NUL. Doubled slashes and `/./` go; a slash at the end stays, it means
 * "the folder". `..` is left alone: what it means depends on links.
 */
export const hostPath = () =>
  z
    .string({ error: 'a path on the host is text that begins with /' })
    .refine((path) => path.startsWith('/'), {
      error: ({ input }) => `${JSON.stringify(input)} is no absolute path: begin it with /`,
    })
    .refine((path) => !path.includes('\0'), { error: 'a path cannot hold a NUL character' })
    .transform((path) => path.replace(/\/(?:\.?\/)+/g, '/').replace(/(.)\/\.$/, '$1'));

/** The same without a slash at its end. */
export const plainPath = (path: string): string => (path.length > 1 ? path.replace(/\/+$/, '') : path);

/** The last part of a path. */
export const baseName = (path: string): string => plainPath(path).slice(plainPath(path).lastIndexOf('/') + 1);
