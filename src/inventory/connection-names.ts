/** The names of each connection variable, the strongest first: kvmnet's own, then Ansible's from newer to older. */
export const CONNECTION_NAMES = {
  address: ['kvmnet_host', 'ansible_host', 'ansible_ssh_host'],
  port: ['kvmnet_port', 'ansible_port', 'ansible_ssh_port'],
  user: ['kvmnet_user', 'ansible_user', 'ansible_ssh_user'],
  password: ['kvmnet_password', 'ansible_password', 'ansible_ssh_password', 'ansible_ssh_pass'],
  privateKeyFile: ['kvmnet_private_key_file', 'ansible_private_key_file', 'ansible_ssh_private_key_file'],
  passphrase: ['kvmnet_private_key_passphrase', 'ansible_private_key_passphrase', 'ansible_ssh_private_key_passphrase'],
  connection: ['kvmnet_connection', 'ansible_connection'],
  jump: ['kvmnet_jump'],
  hostKeyChecking: ['kvmnet_host_key_checking', 'ansible_host_key_checking', 'ansible_ssh_host_key_checking'],
  lockFolder: ['kvmnet_lock_dir'],
  shell: ['kvmnet_shell', 'ansible_shell_executable'],
  connectTimeout: ['kvmnet_connect_timeout', 'ansible_ssh_timeout', 'ansible_timeout'],
  retries: ['kvmnet_connect_retries', 'ansible_ssh_retries'],
  become: ['kvmnet_become', 'ansible_become'],
  becomeMethod: ['kvmnet_become_method', 'ansible_become_method'],
  becomeUser: ['kvmnet_become_user', 'ansible_become_user'],
  becomePassword: ['kvmnet_become_password', 'ansible_become_password', 'ansible_become_pass'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** Arguments for the `ssh` command, which kvmnet does not run: taken apart, the strongest last. */
export const SSH_ARGUMENT_NAMES = ['ansible_ssh_args', 'ansible_ssh_common_args', 'ansible_ssh_extra_args'] as const;
