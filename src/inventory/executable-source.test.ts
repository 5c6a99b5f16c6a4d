import { describe, expect, it } from 'vitest';
import { loadFiles, problemsOf, type Files } from './test-folder.ts';

describe('dynamic sources', () => {
  const script = (body: string): Files => ({ 'inv.sh': `#!/bin/sh\n${body}\n` });

  it('run in their own folder, with the environment, without input', async () => {
    const files = {
      'sub/inv.sh':
        '#!/bin/sh\ncat; echo "{\\"g\\": [\\"$(basename "$PWD")-$COLOUR\\"], \\"_meta\\": {\\"hostvars\\": {}}}"\n',
    };
    const env = { ...process.env, COLOUR: 'red' };
    const inventory = await loadFiles(files, ['sub/inv.sh'], { env });
    expect([...inventory.hosts.keys()]).toEqual(['sub-red']);
  });

  it.each<[string, string, string]>([
    [
      'fails',
      'echo "no token" >&2; exit 3',
      'inv.sh --list failed with exit code 3:\n  no token; run it by hand to see why',
    ],
    ['fails silently', 'exit 1', 'inv.sh --list failed with exit code 1; run it by hand to see why'],
    ['is killed', 'kill -9 $$', 'inv.sh --list did not run (SIGKILL); run it by hand to see why'],
    ['prints nothing', ':', 'inv.sh --list printed nothing; it must print one JSON object'],
    ['prints a list', 'echo "[]"', 'inv.sh --list printed JSON that is not an object; it must print one JSON object'],
    [
      'gives hosts that are no list',
      `echo '{"g": {"hosts": "h"}, "_meta": {"hostvars": {"h": 1}}}'`,
      '<inv.sh --list>:1:17: hosts of group g are not a list',
    ],
    [
      'gives variables that are no mapping',
      `echo '{"g": ["h"], "_meta": {"hostvars": {"h": 1}}}'`,
      '<inv.sh --list>:1:42: variables of host h are not a mapping',
    ],
    [
      'fails for a host',
      `[ "$1" = --list ] && echo '{"g": ["h"]}' || exit 4`,
      'inv.sh --host h failed with exit code 4; run it by hand to see why',
    ],
  ])('that %s', async (_, body, expected) => {
    expect(await problemsOf(() => loadFiles(script(body)))).toEqual([expected]);
  });

  it('that print something else than JSON', async () => {
    const [problem] = await problemsOf(() => loadFiles(script('echo "hello"; echo "a warning" >&2')));
    expect(problem).toMatch(
      /^inv\.sh --list printed no valid JSON: .*\n {2}a warning; it must print one JSON object and nothing else/s,
    );
  });

  it('whose interpreter is missing', async () => {
    expect(await problemsOf(() => loadFiles({ 'inv.py': '#!/nonexistent/python\n' }))).toEqual([
      'inv.py --list did not run (ENOENT); the program that its first line names is not installed',
    ]);
  });

  it('can be interrupted', async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 100);
    const problems = await problemsOf(() => loadFiles(script('exec sleep 60'), ['inv.sh'], { signal: abort.signal }));
    expect(problems).toEqual(['inv.sh --list was interrupted']);
  });
});
