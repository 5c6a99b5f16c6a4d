/**
 * A module of the user's own, beside the playbook. What it sets counts from the next boot on: the unit below copies it to
 * where it is looked for.
 */
export const due = `import { z } from 'zod';
import { defineModule, exec, probeScript, sh } from 'kvmnet/sdk';
const text = (file) => probeScript(sh\`cat "$1" 2>/dev/null\`, [file], ({ stdout }) => stdout.trim());
export const due = defineModule({
  name: 'due', summary: 'A setting that needs a boot', params: z.strictObject({ name: z.string(), value: z.string() }), examples: [],
  probes: (p) => ({ kept: text('/etc/kn-due/' + p.name), running: text('/run/kn-due/' + p.name) }),
  state: (seen) => seen,
  want: (p) => ({ kept: p.value, running: p.value }),
  steps: (_, to, p) => [exec(['mkdir', '-p', '/etc/kn-due']), exec(['dd', 'status=none', 'of=/etc/kn-due/' + p.name], { stdin: to.kept })],
  pending: (now, want, p) => now.running === want.running ? [] :
    [{ path: 'running', reason: p.name + ' is still "' + now.running + '"', until: 'reboot', cause: 'kn-due.service does not run at boot' }],
});
`;
/** sh that makes that unit. */
export const dueReader = `cat >/etc/systemd/system/kn-due.service <<'X'
[Service]
Type=oneshot
ExecStart=/bin/cp -r /etc/kn-due /run/kn-due
[Install]
WantedBy=multi-user.target
X
systemctl --quiet enable kn-due`;
