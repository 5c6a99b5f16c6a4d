import { probeScript, sh, type Probe, type ProbeOutput } from '../../src/sdk/index.ts';
import { unitName, type Service } from './params.ts';

export type Init = 'systemd' | 'openrc' | 'sysv' | 'none';

/** What the host says of a service. */
export interface Look {
  readonly init: Init;
  /** Properties as `systemctl show` names them; elsewhere LoadState and ActiveState with the same words. */
  readonly properties: Readonly<Record<string, string>>;
  /** `systemctl is-enabled`, where the unit file's own state does not tell. */
  readonly isEnabled: string | undefined;
}

export const look = (p: Service): Probe<Look> => {
  const { name = '' } = p;
  return probeScript(script, [unitName(name), name.replace(/\.service$/, '')], parseLook);
};

const script = sh`if [ -d /run/systemd/system ]; then
  echo init=systemd
  o=$(systemctl show --no-pager -p Id,LoadState,LoadError,ActiveState,SubState,UnitFileState,NeedDaemonReload,CanReload,Type,RemainAfterExit,SourcePath,FragmentPath -- "$1")
  printf '%s\n' "$o"
  case $o in *UnitFileState=generated*|*SourcePath=/etc/init.d/*) printf 'IsEnabled=%s\n' "$(systemctl is-enabled -- "$1" 2>/dev/null)";; esac
  exit 0
fi
if command -v rc-service >/dev/null; then
  echo init=openrc
  if ! rc-service -e "$2"; then echo LoadState=not-found; exit 0; fi
  rc-service "$2" status >/dev/null 2>&1
elif command -v service >/dev/null; then
  echo init=sysv
  if [ ! -x "/etc/init.d/$2" ]; then echo LoadState=not-found; exit 0; fi
  service "$2" status >/dev/null 2>&1
else echo init=none; exit 0; fi
case $? in
0) echo ActiveState=active;;
1|2|32) echo ActiveState=failed;;
3|16) echo ActiveState=inactive;;
*) echo ActiveState=unknown;;
esac
echo LoadState=loaded`;

export function parseLook({ stdout }: Pick<ProbeOutput, 'stdout'>): Look {
  const pairs = stdout.split('\n').flatMap((line): (readonly [string, string])[] => {
    const at = line.indexOf('=');
    return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)]];
  });
  const { init = 'none', IsEnabled: isEnabled, ...properties } = Object.fromEntries(pairs) as Record<string, string>;
  return { init: init as Init, isEnabled: isEnabled === '' ? undefined : isEnabled, properties };
}
