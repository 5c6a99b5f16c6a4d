import type { ModuleCase } from '../module-case.ts';

// As Debian's, but without what keeps them from running in a container.
const anywhere = (unit: string): string => `mkdir -p /etc/systemd/system/${unit}.d
printf '[Unit]\\nConditionVirtualization=\\n' >/etc/systemd/system/${unit}.d/anywhere.conf
systemctl daemon-reload`;
const shown = (unit: string): string => `systemctl is-active ${unit}; systemctl is-enabled ${unit} 2>&1`;

export default {
  host: 'systemd',
  examples: {
    'Running, now and at boot': {
      setup: anywhere('irqbalance.service'),
      look: shown('irqbalance.service'),
      shows: 'active\nenabled\n',
      spoil: 'systemctl --quiet disable --now irqbalance',
    },
    'As a handler': {
      gives: 'changed',
      setup: `printf '[Service]\\nExecStart=/bin/sleep infinity\\nExecReload=touch /run/frr-reloaded\\n' >/etc/systemd/system/frr.service
systemctl daemon-reload; systemctl start frr`,
      does: { look: 'ls /run/frr-reloaded; systemctl is-active frr', shows: '/run/frr-reloaded\nactive\n' },
    },
    'A timer': {
      setup: anywhere('fstrim.timer'),
      look: shown('fstrim.timer'),
      shows: 'active\nenabled\n',
      spoil: 'systemctl stop fstrim.timer',
    },
    'Never again': {
      setup: `printf '[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n' >/usr/lib/systemd/system/ModemManager.service
systemctl daemon-reload; systemctl --quiet enable --now ModemManager`,
      look: shown('ModemManager.service'),
      shows: 'inactive\nmasked\n',
      spoil: 'systemctl --quiet unmask ModemManager; systemctl start ModemManager',
    },
  },
  reboot: ['A timer', 'Never again'],
  refuses: [
    {
      params: { name: 'frr', state: 'started', masked: true },
      says: 'service: a masked service can neither be started nor enabled',
    },
    { params: { name: 'frr' }, says: 'service: say what should be: state, enabled, masked or daemon_reload' },
  ],
} satisfies ModuleCase;
