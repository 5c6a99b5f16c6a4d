import { KvmnetError } from '../util/errors.ts';

export interface Hop {
  readonly address: string;
  readonly port?: number;
  readonly user?: string;
}

/** `[user@]host[:port]` or `ssh://…`, several with commas, nearest first; `none` is none. IPv6 addresses with a port stand in brackets. */
export function parseJump(text: string, host: string): readonly Hop[] {
  if (text.trim().toLowerCase() === 'none' || text.trim() === '') return [];
  return text.split(',').map((each) => parseHop(each.trim().replace(/^ssh:\/\//, ''), host));
}

function parseHop(text: string, host: string): Hop {
  const at = text.lastIndexOf('@');
  const user = at < 0 ? undefined : text.slice(0, at);
  const rest = text.slice(at + 1);
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(rest) ?? /^([0-9a-fA-F:.%]+)$/.exec(rest);
  const address = match?.[1] ?? match?.[2];
  const port = match?.[3] === undefined ? undefined : Number(match[3]);
  if (address === undefined || user === '' || (port !== undefined && (port < 1 || port > 65_535))) {
    throw new KvmnetError('inventory', `"${text}" is not a jump host`, {
      host,
      hint: 'write [user@]host[:port], several with commas',
    });
  }
  return { address, ...(port === undefined ? {} : { port }), ...(user === undefined ? {} : { user }) };
}
