import { labRefusal } from '../lab/install.ts';

/** Why no guest can run here, for the reader of a test report; undefined when one can. */
export function vmRefusal(): string | undefined {
  const lab = labRefusal();
  if (lab !== undefined) return lab.replace('lab tier', 'vm tier');
  if (process.arch !== 'x64')
    return `the vm tier needs an x86-64 machine, this is ${process.arch}: its guests boot from a PC's BIOS`;
  return undefined;
}
