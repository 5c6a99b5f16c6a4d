import type { Layer, LayerKind } from '../../lang/index.ts';
import { KvmnetError } from '../../util/errors.ts';

/** A value was asked for that only the run itself will bring: facts, registered results, items of a loop. */
class NotKnownYet extends KvmnetError {
  override readonly name = 'NotKnownYet';

  constructor(name: string) {
    super('undefined-variable', `"${name}" is known only while the play runs`);
  }
}

export const isNotKnownYet = (error: unknown): boolean =>
  error instanceof NotKnownYet || (error instanceof Error && error.cause !== undefined && isNotKnownYet(error.cause));

/** Variables that there will be, of whatever value: they are defined, and reading one of them ends the attempt. */
export function unknownLayer(kind: LayerKind, names: ReadonlySet<string>): Layer {
  return {
    kind,
    has: (name) => names.has(name),
    names: () => names,
    resolve: (name) => {
      throw new NotKnownYet(name);
    },
  };
}
