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

const remedies: readonly (readonly [RegExp, string])[] = [
  [/no space left on device|quota exceeded/i, 'make room on the host: df -h shows what is full'],
  [/read-only file system/i, 'the host has mounted it read-only: dmesg may say why'],
  [/permission denied|operation not permitted/i, 'become: true makes the task run as root'],
];

/** A step of a module that failed: files in plain words, commands with what they said. */
export function stepError(step: Step, result: PartResult, host: string): KvmnetError {
  if (step.kind !== 'write' && step.kind !== 'poke' && step.kind !== 'remove') {
    return new RemoteCommandError(describeStep(step), result, host);
  }
  const stderr = result.stderr.toString('utf8').trim();
  // What counts is behind the names of shell and program: "sh: 18: eval: cannot create …: Read-only file system".
  const why = remedies.map(([pattern]) => pattern.exec(stderr)?.[0]).find((found) => found !== undefined);
  if (why === undefined) return new RemoteCommandError(describeStep(step), result, host);
  const verb = step.kind === 'remove' ? 'remove' : 'write';
  const hint = remedies.find(([pattern]) => pattern.test(why))?.[1];
  return new KvmnetError('io', `cannot ${verb} ${step.path}: ${why}`, { host, hint, cause: stderr });
}

/** A change that was not made because the host could not keep what an undo of it would need. */
export function notKept(result: PartResult, host: string): KvmnetError {
  const why = result.stderr.toString('utf8').trim().split('\n').at(-1) ?? '';
  return new KvmnetError('io', `nothing was changed: the host cannot keep what an undo would need: ${why}`, {
    host,
    hint: 'make room in /var/lib/kvmnet/undo, of users other than root in ~/.local/state/kvmnet/undo; --undo-keep 0 goes without undo',
  });
}

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
