import type { AnyModule } from '../../sdk/index.ts';

/** The parameter that bare words stand for. */
export const shortFormOf = (module: AnyModule): string | undefined =>
  module.kind === 'action' ? module.shortForm : undefined;
