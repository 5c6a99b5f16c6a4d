import { expect, it } from 'vitest';
import { hostList } from './host-list.ts';

const numbered = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, i) => `kvm${String(i + 1).padStart(2, '0')}`);

it.each<[readonly string[], string]>([
  [['kvm01'], 'kvm01'],
  [['a', 'b'], 'a,b'],
  [['kvm02', 'kvm01'], 'kvm[01:02]'],
  [numbered(50), 'kvm[01:50]'],
  [['kvm9', 'kvm10', 'kvm8'], 'kvm10,kvm[8:9]'],
  [[...numbered(3), 'edge1'], 'edge1,kvm[01:03]'],
  [['r1-kvm01.lab', 'r1-kvm02.lab', 'r2-kvm01.lab'], 'r1-kvm[01:02].lab,r2-kvm01.lab'],
  [numbered(34).filter((_, i) => i % 2 === 0), 'kvm01,kvm03,kvm05,… (17 hosts)'],
  [['10.0.0.1', '10.0.0.2'], '10.0.0.[1:2]'],
])('%j is %s', (names, text) => {
  expect(hostList(names)).toBe(text);
});
