/**
 * Whether `--tags` and `--skip-tags` let a task run, with Ansible's special tags: `always` and `never` on tasks, `all`,
 * `tagged` and `untagged` on the command line.
 */
export function tagsAllow(taskTags: readonly string[], wanted: readonly string[], skipped: readonly string[]): boolean {
  const has = (tag: string): boolean => taskTags.includes(tag);
  const matches = (tag: string): boolean =>
    has(tag) ||
    tag === 'all' ||
    (tag === 'tagged' && taskTags.length > 0) ||
    (tag === 'untagged' && taskTags.length === 0);
  const run =
    wanted.length === 0 ? !has('never') : wanted.some((tag) => (tag === 'all' ? !has('never') : matches(tag)));
  if (!run && !(has('always') && !has('never'))) return false;
  // `--skip-tags all` leaves what always runs, unless that is named as well.
  return !skipped.some((tag) => (tag === 'all' ? !has('always') : matches(tag)));
}
