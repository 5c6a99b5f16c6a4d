import { z } from 'zod';
import { bool, seconds } from '../../src/sdk/index.ts';

const commands = z
  .union([z.string(), z.array(z.string())])
  .transform((given) => (typeof given === 'string' ? [given] : given));

export const Reboot = z.strictObject({
  force: bool().default(false).describe('reboot even where nothing waits for it'),
  timeout: seconds().default(600).describe('seconds until the host must be back'),
  message: z.string().default('this host reboots now, for kvmnet').describe('what logged-in users are told'),
  guests: z
    .enum(['refuse', 'shutdown', 'managed_save', 'ignore'])
    .default('refuse')
    .describe('where virtual machines run: do not reboot, shut them down, save them to disk, or pay no heed'),
  guests_timeout: seconds().default(300).describe('seconds until all virtual machines must be down or saved'),
  pre: commands.default([]).describe('shell commands before; where one fails there is no reboot'),
  post: commands.default([]).describe('shell commands after'),
  test_command: z.string().min(1).default('true').describe('shell command that succeeds when the host is ready again'),
  connect_timeout: seconds()
    .default(5)
    .describe('seconds for one attempt to log in; longer where `kvmnet_connect_timeout` is'),
  pre_reboot_delay: seconds().default(0).describe('seconds between the message and the reboot'),
  post_reboot_delay: seconds().default(0).describe('seconds to wait after the host is back'),
});
export type Reboot = z.output<typeof Reboot>;
