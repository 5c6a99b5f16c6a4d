/** A shell to try a module under, with the tools that come with it. */
export interface TestShell {
  readonly name: string;
  readonly shell: readonly string[];
  /** To be run in the sandbox first. */
  readonly setup: string;
}

/** The shells that hosts have: dash and bash with coreutils, and busybox with nothing but its own tools. */
export const testShells: readonly TestShell[] = [
  { name: 'dash', shell: ['dash'], setup: ':' },
  { name: 'bash', shell: ['bash', '--posix'], setup: ':' },
  {
    name: 'busybox',
    shell: ['env', 'PATH=/opt/busybox', '/bin/busybox', 'sh'],
    setup: 'mkdir -p /opt/busybox && busybox --install -s /opt/busybox',
  },
];
