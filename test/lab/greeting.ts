import type { LabHandle } from './handle.ts';

/** True when an sshd answers there within a few seconds. */
export async function greeting(lab: LabHandle, address: string): Promise<boolean> {
  const socket = await lab.dial(address, 22, 1000).catch(() => undefined);
  if (socket === undefined) return false;
  try {
    return await new Promise<boolean>((resolve) => {
      socket.once('data', (chunk: Buffer) => resolve(chunk.toString().startsWith('SSH-2.0')));
      socket.once('error', () => resolve(false));
      socket.once('close', () => resolve(false));
      socket.setTimeout(5000, () => resolve(false));
    });
  } finally {
    socket.destroy();
  }
}
