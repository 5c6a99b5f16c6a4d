import { describe, expect, it } from 'vitest';
import { graphInventory, limitInventory, listInventory, showHost, showHosts } from './show.ts';
import { loadFiles, problemsOf } from './test-folder.ts';

describe('what is shown', () => {
  const files = {
    'i.yml':
      'all: { vars: { t: "{{ x }}", e: !expr 1 + 1 }, children: { a: { hosts: { h2: , h1: } }, b: { children: { a: } } } }\n',
  };

  it('--host', async () => {
    expect(JSON.parse(showHost(await loadFiles(files), 'h1'))).toEqual({ t: '{{ x }}', e: { __kvmnet_expr: '1 + 1' } });
    expect(await problemsOf(async () => showHost(await loadFiles(files), 'h3'))).toEqual([
      'no host is called "h3"; did you mean "h2"?',
    ]);
  });

  it('--hosts', async () => {
    expect(showHosts(await loadFiles(files), 'all:!h2')).toBe('h1');
    expect(showHosts(await loadFiles(files), 'a', { limit: 'h1' })).toBe('h1');
  });

  it('only hosts within a limit', async () => {
    const limited = limitInventory(await loadFiles(files), { limit: '!h2' });
    expect(graphInventory(limited)).toBe(
      '@all:\n  |--@ungrouped:\n  |--@a:\n  |  |--h1\n  |--@b:\n  |  |--@a:\n  |  |  |--h1',
    );
    expect(JSON.parse(listInventory(limited))).toMatchObject({ a: { hosts: ['h1'] }, _meta: { hostvars: { h1: {} } } });
    expect(listInventory(limited)).not.toContain('h2');
    expect(await problemsOf(async () => showHost(limited, 'h2'))).toEqual([
      'no host is called "h2"; did you mean "h1"?',
    ]);
  });

  it('--graph of one group', async () => {
    expect(graphInventory(await loadFiles(files), 'b')).toBe('@b:\n  |--@a:\n  |  |--h2\n  |  |--h1');
    expect(await problemsOf(async () => graphInventory(await loadFiles(files), 'c'))).toEqual([
      'no group is called "c"; known: a, all, b, ungrouped',
    ]);
  });

  it('--list without a source', async () => {
    expect(JSON.parse(listInventory(await loadFiles({}, [])))).toEqual({
      _meta: { hostvars: {} },
      all: { children: ['ungrouped'] },
    });
  });
});
