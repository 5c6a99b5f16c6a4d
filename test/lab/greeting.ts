import type { LabHandle } from './handle.ts';

/** True when an sshd answers there within two seconds. */
export async function greeting(lab: LabHandle, address: string): Promise<boolean> {
  const socket = await Promise.race([lab.dial(address).catch(() => undefined), pause(2000)]);
  if (socket === undefined) return false;
  try {
    return await new Promise<boolean>((resolve) => {
      socket.once('data', (chunk: Buffer) => resolve(chunk.toString().startsWith('SSH-2.0')));
      socket.once('error', () => resolve(false));
      socket.once('close', () => resolve(false));
      socket.setTimeout(2000, () => resolve(false));
    });
  } finally {
    socket.destroy();
  }
}

const pause = async (ms: number): Promise<undefined> =>
  await new Promise((resolve) => {
    setTimeout(() => resolve(undefined), ms).unref();
  });
