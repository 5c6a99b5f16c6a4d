import type { z } from 'zod';
import type { ActionHost, ActionResult } from './action.ts';
import type { ProbeMap, Seen } from './probe.ts';
import type { Script } from './script.ts';
import type { CompareRules } from './diff.ts';
import type { StateObject, Want } from './state.ts';
import type { Step } from './step.ts';

/** Files of the controller, looked up as the task's role and playbook say. */
export interface ControllerFiles {
  /** Absolute path of a file: the role's folder of that kind first, then the playbook's folder. @throws KvmnetError */
  resolve(path: string, kind?: 'files' | 'templates'): string;
  /**
   * SHA-256, size in bytes and mode (`0644`) of a file, remembered for the run; a folder has no hash. Of a file that the
   * vault has encrypted as a whole, what is in it counts.
   */
  stat(path: string): Promise<{
    readonly sha256: string;
    readonly size: number;
    readonly mode: string;
    readonly folder?: boolean;
    readonly encrypted?: boolean;
  }>;
  /** The content, decrypted where the vault has encrypted the file as a whole. */
  read(path: string): Promise<Uint8Array>;
  /** Paths of all files below a folder, relative to it, sorted. */
  list(path: string): Promise<readonly string[]>;
  /** Renders a Handlebars template of the controller with the variables of the task. */
  render(path: string): Promise<string>;
}

/** A difference that no step can mend while the host, or a service, runs on. */
export interface Pending {
  /** A path as in a change. It counts neither as changed nor as failed. */
  readonly path: string;
  readonly reason: string;
  readonly until: 'reboot' | 'restart';
  /** What is likely the matter where it still stands after the reboot: `another boot loader, another entry`. */
  readonly cause?: string | undefined;
}

/** What a change passes over. A change that touches the path of our own session is guarded by commit-confirm. */
export interface Touches {
  /** Interfaces that go down, lose their master, or change what they carry; `*` is whichever carries us. */
  readonly links?: readonly string[];
  /** Addresses, with or without prefix length, that go away or come. */
  readonly addresses?: readonly string[];
  /** Destinations whose route changes; `default` is one. */
  readonly routes?: readonly string[];
  /** Firewall chains, `filter/INPUT`. */
  readonly chains?: readonly string[];
  /** Families that `links: ['*']`, routes and chains are of; both where nothing is said. */
  readonly families?: readonly (4 | 6)[];
  /** Routing protocols whose routes may come and go, as `ip route` calls them: `ospf`. */
  readonly protocols?: readonly string[];
  /** Services without which nobody can log in. */
  readonly services?: readonly string[];
  /** `flap`: connectivity comes back by itself within seconds. */
  readonly effect?: 'cut' | 'flap';
}

/**
 * How a resource comes back at boot, where the kernel forgets it. Given for a resource that should be absent as well: that
 * takes its unit away.
 */
export interface Boot<S> {
  /** Names the unit: `kvmnet-<module>-<id>`. Unique among the resources of one module on one host. */
  readonly id: string;
  /** The state in which a boot leaves the resource. */
  readonly state: S | null;
  /** What starts the unit: a network device (also one that comes later), or a systemd unit. */
  readonly anchor: { readonly device: string } | { readonly unit: string };
  readonly before?: readonly string[];
  readonly after?: readonly string[];
  /** Units with whose restart the state is gone as well (`ovs-vswitchd.service`): the unit runs again after them. */
  readonly partOf?: readonly string[];
  /**
   * What of the goal a boot brings back, where `want` also holds what others have put there and what leaves it alone (ports,
   * addresses, places among other people's rules). Default: all of it.
   */
  readonly keeps?: (goal: S) => S;
  /** True where going back to `state` first, tolerating failure, is harmless: the unit may then run at any time. */
  readonly resettable?: boolean;
  /** Succeeds where the resource stands already and must not be reset (links, VFs): the unit then does nothing. */
  readonly guard?: { readonly script: Script; readonly args: readonly string[] };
}

/** Both versions of a text, for `--diff`. */
export interface TextDiff {
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

export interface Example<P> {
  readonly title: string;
  readonly params: P;
  /** Where the example cannot be run for real, and why: `vm` needs a virtual machine, `none` hardware. */
  readonly needs?: 'vm' | 'hardware';
}

/** A key of `W` that `S` does not have makes the whole thing uncompilable. */
type NoExtraKeys<W, S> = { readonly [K in Exclude<keyof W, keyof S>]: never };

/**
 * A kind of resource: data and pure functions, no input or output. The engine does all of that, and gets from these
 * functions check mode, reports, verification, undo, boot units, documentation and tests (DESIGN.md, section 1).
 *
 * @typeParam Params - the zod object that describes the parameters
 * @typeParam Q - what `prepare` makes of them; the parameters themselves where there is no `prepare`
 * @typeParam Probes - the probes, by name
 * @typeParam S - the canonical state
 */
interface Definition<Params extends z.ZodObject, Q, Probes extends ProbeMap, S extends StateObject, W extends Want<S>> {
  readonly name: string;
  readonly summary: string;
  readonly params: Params;
  readonly examples: readonly Example<z.input<Params>>[];
  /** What the host must have for it to work, in words: `openvswitch-switch`. Shown in the documentation. */
  readonly requires?: string;
  /** What no real system has shown yet, in words: `dnf and yum (RHEL family)`. Shown in the documentation. */
  readonly unproved?: string;
  /** On the controller, before anything is asked of the host: hash a source, render a template. */
  readonly prepare?: (p: z.output<Params>, files: ControllerFiles) => Promise<Q>;
  readonly probes: (p: Q) => Probes;
  /** What is. @throws MissingError where a tool that is needed to say so is not installed */
  readonly state: (seen: Seen<Probes>, p: Q) => S | null;
  /** What should be. @throws KvmnetError code `refused` where that cannot or must not be, with the remedy. */
  readonly want: (p: Q, now: NoInfer<S> | null, seen: Seen<Probes>) => (W & NoExtraKeys<W, S>) | null;
  /**
   * The way from any state to any other; empty when they are equal. `seen` is what was read before the change (for undo
   * too; the engine gives it always, except for boot units): for what is too big or too secret for a state, such as the
   * content of a file. `present` is what is read now, where a later run takes the change back.
   */
  readonly steps: (
    from: NoInfer<S> | null,
    to: NoInfer<S> | null,
    p: Q,
    seen?: Seen<Probes>,
    present?: Seen<Probes>,
  ) => readonly Step[];
  /** How lists in the state are compared, by field; `ordered` where nothing is said. */
  readonly compare?: CompareRules;
  readonly pending?: (now: NoInfer<S> | null, want: NoInfer<W> | null, p: Q) => readonly Pending[];
  /** Paths of differences that nothing takes back, such as the age of a cache: an undo leaves them as they are. */
  readonly oneWay?: (path: string) => boolean;
  readonly touches?: (from: NoInfer<S> | null, to: NoInfer<S> | null, p: Q) => Touches | 'none';
  /** How long, in seconds, verification may have to wait for the state to settle; default 0. */
  readonly settle?: { readonly timeout: number };
  readonly boot?: (p: Q) => Boot<NoInfer<S>> | undefined;
  /** Texts that would change, for `--diff`. */
  readonly texts?: (seen: Seen<Probes>, p: Q) => readonly TextDiff[];
  /** Things the user should know although nothing is wrong. */
  readonly warnings?: (p: Q, now: NoInfer<S> | null, seen: Seen<Probes>) => readonly string[];
  /** The parameter that a bare value stands for, as in `action.ts`. */
  readonly shortForm?: string;
  /**
   * Where these parameters ask for what is no state (restart a service), the function that does all of it in place of
   * probes, want and steps; it counts as an action with effect `change`. @returns undefined where they ask for a state
   */
  readonly asAction?: (p: Q) => ((p: Q, host: ActionHost) => Promise<ActionResult>) | undefined;
  /** More than the changed fields for `register`, e.g. `dest`. */
  readonly returns?: (p: Q, now: NoInfer<S> | null) => Readonly<Record<string, unknown>>;
}

/** A module as the engine knows it. */
export interface ModuleDefinition<
  Params extends z.ZodObject,
  Q,
  Probes extends ProbeMap,
  S extends StateObject,
  W extends Want<S> = Want<S>,
> extends Definition<Params, Q, Probes, S, W> {
  readonly kind: 'module';
}

/** Defines a kind of resource. The order of the fields matters to type inference: params, prepare, probes, state, want, steps. */
export const defineModule = <
  Params extends z.ZodObject,
  const Probes extends ProbeMap,
  S extends StateObject,
  W extends Want<S>,
  Q = z.output<Params>,
>(
  definition: Definition<Params, Q, Probes, S, W>,
): ModuleDefinition<Params, Q, Probes, S, W> => ({ kind: 'module', ...definition });
