import type { Step } from '../../sdk/index.ts';
import type { TaskHost } from '../host/task-host.ts';

/** Sends the files of the controller that steps need. @returns their paths on the host, by SHA-256 */
export async function uploadContents(steps: readonly Step[], host: TaskHost): Promise<ReadonlyMap<string, string>> {
  const uploads = new Map<string, string>();
  for (const step of steps) {
    if (step.kind !== 'write' || typeof step.content === 'string' || !('file' in step.content)) continue;
    const { file, sha256, size } = step.content;
    if (!uploads.has(sha256)) uploads.set(sha256, await host.upload(file, size));
  }
  return uploads;
}
