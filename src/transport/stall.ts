import { KvmnetError } from '../util/errors.ts';
import type { Channel } from './channel.ts';
import { deferred } from './deferred.ts';
import type { UploadOptions } from './types.ts';

/**
 * Copies a file, and gives up where nothing moves any more: a host that is alive but takes, or gives, no more bytes would be
 * waited for without end.
 */
export async function withoutStall<T>(
  host: string,
  channel: Channel,
  seconds: number,
  options: UploadOptions,
  copy: (channel: Channel, options: UploadOptions) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const [stalled, , stall] = deferred<never>();
  const timer = setTimeout(() => {
    stall(new KvmnetError('timeout', `a file transfer has not moved for ${seconds} s`, { host }));
    stop.abort();
    channel.close();
  }, seconds * 1000);
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
  const onProgress = (bytes: number): void => {
    timer.refresh();
    options.onProgress?.(bytes);
  };
  try {
    const copied = copy(channel, { ...options, signal, onProgress });
    copied.catch(() => {});
    return await Promise.race([copied, stalled]);
  } finally {
    clearTimeout(timer);
  }
}
