import { KvmnetError } from '../util/errors.ts';
import type { Step } from '../sdk/index.ts';
import type { PartResult } from '../transport/types.ts';

/** A command on a host that failed, with all that it said. */
export class RemoteCommandError extends KvmnetError {
  override readonly name = 'RemoteCommandError';
  readonly argv: readonly string[];
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;

  constructor(argv: readonly string[], result: PartResult, host: string) {
    const stderr = result.stderr.toString('utf8');
    const why = result.timedOut
      ? 'was killed when the timeout of the task passed'
      : `ended with exit code ${result.code}`;
    super('remote-command', `${argv[0] ?? 'a command'} ${why}${lastLine(stderr)}`, { host });
    this.argv = argv;
    this.exitCode = result.code;
    this.stdout = result.stdout.toString('utf8');
    this.stderr = stderr;
  }
}

const lastLine = (text: string): string => {
  const line = text.trimEnd().split('\n').at(-1) ?? '';
  return line === '' ? '' : `: ${line}`;
};

/** A step in the words of an error. */
export function describeStep(step: Step): readonly string[] {
  switch (step.kind) {
    case 'exec':
      return step.argv;
    case 'snippet':
      return ['sh', '-c', '…', ...step.args];
    case 'write':
      return ['write', step.path];
    case 'poke':
      return ['write', step.path, step.value];
    case 'remove':
      return ['remove', step.path];
    default:
      return ['wait for', step.what];
  }
}
