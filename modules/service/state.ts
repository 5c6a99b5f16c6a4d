import { missing, refuse } from '../../src/sdk/index.ts';
import type { Look } from './look.ts';
import { unitName, type Service } from './params.ts';

export type State = {
  init: string;
  /** The unit's own name: what was given may be an alias, which systemctl refuses to enable. */
  unit: string;
  /** active, inactive, failed, activating, …: a service that reloads is active. */
  active: string;
  /** Or the word of systemd for what can be neither: static, indirect, generated, … */
  enabled: boolean | string;
  masked: boolean;
  /** The unit file has changed since systemd read it. */
  stale: boolean;
};

export function readState({ init, isEnabled, properties }: Look, p: Service): State {
  const { name = '' } = p;
  if (init !== 'systemd') {
    const active = properties['ActiveState'] ?? 'inactive';
    return { init, unit: name.replace(/\.service$/, ''), active, enabled: 'unknown', masked: false, stale: false };
  }
  const { Id = unitName(name), LoadState, ActiveState = 'inactive', UnitFileState = '', NeedDaemonReload } = properties;
  return {
    init,
    unit: Id,
    active: ActiveState === 'reloading' || ActiveState === 'refreshing' ? 'active' : ActiveState,
    enabled: enablement(isEnabled ?? UnitFileState),
    masked: LoadState === 'masked' || UnitFileState.startsWith('masked'),
    stale: NeedDaemonReload === 'yes',
  };
}

function enablement(word: string): boolean | string {
  if (word === 'enabled') return true;
  return word === 'disabled' || word === '' || word.startsWith('masked') ? false : word;
}

export type WantState = {
  readonly active?: string | undefined;
  readonly enabled?: boolean | string | undefined;
  readonly masked?: boolean | undefined;
  readonly stale?: boolean | undefined;
};

/** @throws KvmnetError where that cannot be */
export function wantState(p: Service, now: State, look: Look): WantState {
  check(p, now, look);
  return {
    active: wantActive(p, now, look),
    enabled: p.enabled === undefined ? undefined : wantEnabled(p.enabled, now),
    masked: p.masked,
    stale: p.daemon_reload ? false : undefined,
  };
}

/** Reasons that hold for all that can be asked of a service. */
function check(p: Service, now: State, { init, properties }: Look): void {
  const { name = '' } = p;
  if (init === 'none')
    throw missing('no init system is known on this host: neither systemd, nor openrc, nor service(8)');
  if (init !== 'systemd' && (p.enabled !== undefined || p.masked !== undefined || p.daemon_reload)) {
    throw refuse(
      `enabled, masked and daemon_reload need systemd, and this host runs ${init}`,
      'state: started and stopped work',
    );
  }
  const load = properties['LoadState'];
  // After daemon-reload it may be there; and a name that nothing has can be masked.
  if (load === 'not-found' && now.active !== 'active' && !p.daemon_reload && p.masked !== true) {
    throw missing(`there is no service ${name}`, 'check its name, or install its package first');
  }
  if (load === 'error' || load === 'bad-setting') {
    throw refuse(
      `systemd cannot load ${now.unit}: ${/"(.*)"/.exec(properties['LoadError'] ?? '')?.[1] ?? load}`,
      `look at it: systemd-analyze verify ${now.unit}`,
    );
  }
  // A mask is a link in that folder, in place of the file.
  if (p.masked === true && !now.masked && properties['FragmentPath'] === `/etc/systemd/system/${now.unit}`) {
    throw refuse(
      `${now.unit} cannot be masked: its own file stands in /etc/systemd/system`,
      'state: stopped and enabled: no keep it off; or move its file to /usr/local/lib/systemd/system first',
    );
  }
  if (
    now.masked &&
    p.masked === undefined &&
    (p.enabled === true || (p.state !== undefined && p.state !== 'stopped'))
  ) {
    throw refuse(`${now.unit} is masked`, 'masked: no takes that back');
  }
}

function wantActive(p: Service, now: State, { properties }: Look): string | undefined {
  if (p.state === 'stopped') return now.active === 'failed' ? 'failed' : 'inactive';
  if (p.state !== 'started') return undefined;
  if (properties['Type'] === 'oneshot' && properties['RemainAfterExit'] === 'no' && now.unit.endsWith('.service')) {
    throw refuse(
      `${now.unit} does its work and ends: it cannot be kept started`,
      'state: restarted runs it each time; for a condition of its own use command with creates',
    );
  }
  return 'active';
}

function wantEnabled(enabled: boolean, now: State): boolean | string {
  if (typeof now.enabled === 'boolean' || now.enabled === 'enabled-runtime' || now.enabled === 'linked') return enabled;
  // What has no enablement of its own is not started at boot by itself.
  if (!enabled || now.enabled === 'indirect') return now.enabled;
  throw refuse(
    `${now.unit} cannot be enabled: it is ${now.enabled}, it has no [Install] section`,
    'something else starts it; enable that',
  );
}
