import type { Connection } from '../../transport/types.ts';

/** Which boot of a host its connections lead to. A host cannot reboot without that they are lost. */
export class BootWatch {
  #id: string | undefined;
  /** The connection over which it was asked last. */
  #askedOver: Connection | undefined;
  #expected: Connection | undefined;

  /** The connection was made after the host was expected to go away: who made it reckons with another boot. */
  expect(connection: Connection): void {
    this.#expected = connection;
  }

  isExpected(connection: Connection | undefined): boolean {
    return connection !== undefined && connection === this.#expected;
  }

  /** Nobody has asked over it yet. */
  isNew(connection: Connection): boolean {
    return connection !== this.#askedOver;
  }

  /** A change that was worked out before cannot meet another boot over it without somebody reckoning with that. */
  isKnown(connection: Connection): boolean {
    return this.#id === undefined || !this.isNew(connection) || this.isExpected(connection);
  }

  /** @returns whether the host has come up anew since it was asked last */
  note(connection: Connection, answer: string): boolean {
    this.#askedOver = connection;
    const id = answer.trim();
    if (id === '') return false;
    const before = this.#id;
    this.#id = id;
    return before !== undefined && before !== id;
  }
}

/** A part of the first request over a connection. No fork: each run of each host pays for it. */
export const readBootId = '{ IFS= read -r id </proc/sys/kernel/random/boot_id; } 2>/dev/null; printf %s "$id"';
