import type { ModuleCase } from '../module-case.ts';

export default {
  // Huge pages are the machine's own: modules/hugepages has a recorded tree, test/vm the real ones.
  examples: {},
  reboot: { not: 'huge pages are those of the machine: vm tier' },
  refuses: [
    { params: { count: 8, per_node: { 0: 4 } }, says: 'hugepages: count: give count or per_node, not both' },
    { params: { size: '4K', count: 8 }, says: 'hugepages: size: a page has "2M" or "1G"' },
  ],
} satisfies ModuleCase;
