const SHARED =
  'name become become_user become_method environment ignore_errors ignore_unreachable check_mode diff no_log ' +
  'any_errors_fatal throttle timeout run_once tags vars module_defaults';

const split = (words: string): readonly string[] => words.split(' ');

export const PLAY_KEYWORDS = split(
  `${SHARED} hosts vars_files gather_facts serial strategy order max_fail_percentage pre_tasks roles tasks post_tasks ` +
    'handlers confirm force_handlers',
);
export const BLOCK_KEYWORDS = split(`${SHARED} when block rescue always delegate_to notify`);
export const TASK_KEYWORDS = split(
  `${SHARED} when loop loop_control register until retries delay notify listen changed_when failed_when delegate_to`,
);
/** What a task may hold instead of a module. */
export const STATEMENTS = split('block include_tasks import_tasks include_role import_role');
export const INCLUDE_KEYWORDS = split(`${SHARED} when loop loop_control delegate_to`);
export const ROLE_KEYWORDS = split(`${SHARED} role when delegate_to`);
export const IMPORT_PLAYBOOK_KEYWORDS = split('name import_playbook vars tags when');

/** Keywords and modules of Ansible that kvmnet does not have, with what to do in their place. */
const REMEDIES: Readonly<Record<string, string>> = {
  action: 'write the name of the module as the key: copy: {…}',
  local_action: 'write the module as the key, and delegate_to: localhost',
  args: 'write the parameters under the name of the module',
  async: 'remove it: a task may take as long as its timeout says',
  poll: 'remove it: a task may take as long as its timeout says',
  include: 'write include_tasks (when the play runs) or import_tasks (when it is loaded)',
  remote_user: 'set kvmnet_user in the inventory',
  port: 'set kvmnet_port in the inventory',
  connection: 'set kvmnet_connection in the inventory',
  become_flags: 'remove it: how sudo is called is not for a play to say',
  become_exe: 'use become_method',
  debugger: 'remove it; --step asks before each task',
  collections: 'remove it: modules have one short name',
  vars_prompt: 'give the value with -e name=value, or keep it in an encrypted file',
  gather_subset: 'remove it: all facts come in one round trip',
  gather_timeout: 'remove it: all facts come in one round trip',
  fact_path: 'remove it',
  include_vars: 'use vars_files, group_vars or host_vars',
  set_fact: 'use set_vars',
  setup: 'facts are read by themselves; meta: refresh_facts reads them anew',
  gather_facts: 'facts are read by themselves; meta: refresh_facts reads them anew',
  raw: 'use shell',
  apt: 'use package',
  yum: 'use package',
  dnf: 'use package',
  systemd: 'use service',
  systemd_service: 'use service',
  lineinfile: 'use line_in_file',
  blockinfile: 'use block_in_file',
  modprobe: 'use kernel_module',
  slurp: 'use fetch, or command: cat FILE',
  openvswitch_bridge: 'use ovs_bridge',
  openvswitch_port: 'use ovs_port',
};

export function remedyFor(word: string): string | undefined {
  if (Object.hasOwn(REMEDIES, word)) return REMEDIES[word];
  if (word === 'with_dict') return 'write loop: !expr items(mapping)';
  if (word === 'with_sequence') return 'write loop: !expr range(from, to)';
  if (word === 'with_nested' || word === 'with_subelements')
    return 'write loop: !expr flatten(a.map(x, b.map(y, {"a": x, "b": y})))';
  if (word.startsWith('with_')) return 'write loop: with a list, or loop: !expr with an expression';
  return undefined;
}
