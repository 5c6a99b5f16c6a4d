import { KvmnetError } from '../util/errors.ts';

/** Says no to something that cannot or must not be done, with the remedy as `hint`. */
export const refuse = (message: string, hint?: string): KvmnetError => new KvmnetError('refused', message, { hint });

/**
 * Something that the module needs is not on the host: a program, a device, another resource. In check mode this is no
 * error where an earlier task of the play would bring it.
 */
export const missing = (message: string, hint?: string): KvmnetError => new KvmnetError('missing', message, { hint });
