import { refuse } from '../../src/sdk/index.ts';
import { readToken, type Token } from './tokens.ts';

export type IommuKind = 'intel' | 'amd' | 'arm' | 'unknown';

/** The wanted arguments by group; an empty list: none of that group. */
export type Wanted = ReadonlyMap<string, readonly Token[]>;

/** What switches an IOMMU on or off. AMD's is on by itself, and `amd_iommu=on` is no value that it knows. */
export function iommuArgs(mode: 'pt' | 'on' | 'off', kind: IommuKind): Wanted {
  const wanted = (args: Readonly<Record<string, string | null>>): Wanted =>
    new Map(Object.entries(args).map(([key, value]) => [key, value === null ? [] : [readToken(`${key}=${value}`)]]));
  switch (kind) {
    case 'intel':
      if (mode === 'off') return wanted({ intel_iommu: 'off', iommu: null });
      return wanted({ intel_iommu: 'on', iommu: mode === 'pt' ? 'pt' : null });
    case 'amd':
      if (mode === 'off') return wanted({ amd_iommu: 'off', iommu: null });
      return wanted({ amd_iommu: null, iommu: mode === 'pt' ? 'pt' : null });
    case 'arm':
      if (mode === 'off') {
        throw refuse(
          'an ARM machine has no kernel argument that switches its IOMMU off',
          'use iommu: pt for passthrough',
        );
      }
      return wanted({ 'iommu.passthrough': mode === 'pt' ? '1' : '0' });
    default:
      throw refuse('this processor is neither of Intel, AMD nor ARM', 'give the arguments for its IOMMU as args');
  }
}
