/**
 * A disk for a q35 machine, as small as SeaBIOS takes one for a disk. The program in its first sector says "up" on the serial line,
 * waits for the power button (which is what `virsh shutdown` presses), says ", off" and switches the machine off. The ports are
 * those of ACPI's event and control registers, where SeaBIOS puts them, and of the first serial line.
 */
export function heedsTheButton(): Buffer {
  const program = [
    say('up'),
    'ba0206 b80001 ef', // PM1_EN: the power button
    'ba0006', // PM1_STS
    'fb f4 ed f6c401 74f8', // sti; hlt; in ax, dx; test ah, 1; jz to the sti: until it is pressed
    say(', off'),
    'ba0406 b80020 ef f4', // PM1_CNT: sleep, as deep as off
  ].join('');
  const disk = Buffer.alloc(2 ** 20);
  Buffer.from(program.replaceAll(' ', ''), 'hex').copy(disk);
  disk.writeUInt16LE(0xaa55, 510);
  return disk;
}

/** mov dx, COM1; for each letter: mov al, letter; out dx, al. */
const say = (text: string): string => `baf803${Buffer.from(text).toString('hex').replaceAll(/../g, 'b0$&ee')}`;
