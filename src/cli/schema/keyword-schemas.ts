import type { JsonSchema } from '../parameters/json-schema.ts';

const text: JsonSchema = { type: 'string' };
const texts: JsonSchema = { anyOf: [text, { type: 'array', items: text }] };
const flag: JsonSchema = { type: ['boolean', 'string'] };
const count: JsonSchema = { type: ['integer', 'string'] };
const number: JsonSchema = { type: ['number', 'string'] };
const map: JsonSchema = { type: 'object' };
const condition: JsonSchema = {
  anyOf: [{ type: ['string', 'boolean'] }, { type: 'array', items: { type: ['string', 'boolean'] } }],
};
const words = (...values: string[]): JsonSchema => ({ enum: values });

/** What the keywords of plays, roles, blocks and tasks take, with a word about each. */
const keywords: Readonly<Record<string, readonly [JsonSchema, string]>> = {
  name: [text, 'What it is called in reports.'],
  hosts: [texts, 'Pattern of hosts and groups.'],
  become: [flag, 'Become another user on the host.'],
  become_user: [text, 'The user to become; root where nothing is said.'],
  become_method: [text, 'sudo, su or doas.'],
  environment: [{ type: ['object', 'array'] }, 'Environment variables.'],
  ignore_errors: [flag, 'Go on where the task fails.'],
  ignore_unreachable: [flag, 'Go on where the host cannot be reached.'],
  check_mode: [flag, 'yes: never change anything here; no: change it even with --check.'],
  diff: [flag, 'Show changed texts line by line.'],
  no_log: [flag, 'Show nothing of what the task does.'],
  any_errors_fatal: [flag, 'A failure on one host ends the play for all.'],
  throttle: [count, 'How many hosts run it at the same time.'],
  timeout: [number, 'Seconds.'],
  run_once: [flag, 'Run it on the first host only.'],
  tags: [texts, 'Names for --tags and --skip-tags.'],
  vars: [map, 'Variables.'],
  module_defaults: [map, 'Parameters that modules get where a task gives none.'],
  vars_files: [texts, 'Files with variables.'],
  gather_facts: [flag, 'Read the facts of the hosts first.'],
  serial: [
    { type: ['integer', 'string', 'array'] },
    'How many hosts at a time: number, percentage, or a list of both.',
  ],
  strategy: [words('linear', 'free'), 'linear: task by task; free: each host as fast as it can.'],
  order: [words('inventory', 'reverse_inventory', 'sorted', 'reverse_sorted', 'shuffle'), 'Order of the hosts.'],
  max_fail_percentage: [number, 'End the play where more hosts than that have failed.'],
  force_handlers: [flag, 'Run notified handlers of failed hosts as well.'],
  when: [condition, 'Condition (CEL).'],
  delegate_to: [text, 'The host that does it in place of this one.'],
  notify: [texts, 'Handlers to run at the end where this changes something.'],
  listen: [texts, 'Names under which a handler can be notified.'],
  loop: [{}, 'A list: the task runs once for each item.'],
  loop_control: [map, 'loop_var, index_var, label, pause.'],
  register: [text, 'Variable that keeps the result.'],
  until: [condition, 'Condition (CEL) to wait for.'],
  retries: [count, 'How often to try again.'],
  delay: [number, 'Seconds between tries.'],
  changed_when: [condition, 'Condition (CEL) for "changed".'],
  failed_when: [condition, 'Condition (CEL) for "failed".'],
  include_tasks: [{ type: ['string', 'object'] }, 'File with tasks, read when the play comes to it.'],
  import_tasks: [{ type: ['string', 'object'] }, 'File with tasks, read with the playbook.'],
  include_role: [{ type: ['string', 'object'] }, 'Role, read when the play comes to it.'],
  import_role: [{ type: ['string', 'object'] }, 'Role, read with the playbook.'],
  import_playbook: [text, 'Another playbook.'],
  role: [text, 'Name of a role.'],
};

export function keywordSchema(name: string): JsonSchema {
  const [schema, description] = keywords[name] ?? [{}, ''];
  return description === '' ? schema : { ...schema, description };
}
