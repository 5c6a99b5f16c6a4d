import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/engine/index.ts';
import { at, command, folderOf, inventoryOf, playTasks } from './terminal.ts';
import type { Host } from './index.ts';
import { noLab, useLab } from './use-lab.ts';

const seed = Number(process.env['KVMNET_SEED'] ?? 20261123);

/** What has broken tools like this one before. */
const nasty = [
  `'`,
  `"`,
  `'"'"'`,
  '$(touch /srv/values/pwned)',
  '`touch /srv/values/pwned`',
  '"; touch /srv/values/pwned; "',
  "' ; touch /srv/values/pwned ; '",
  '${HOME} $HOME $$ $1 $@ !! !1',
  '\\',
  '\\\\n\\t\\0',
  'ends in a backslash \\',
  '-n',
  '--help',
  '-rf /',
  '~root',
  '* ? [a-z] {a,b}',
  '# no comment',
  '%s %d %n %%',
  ' leading and trailing ',
  '\ttabs\t',
  'two\nlines',
  'ends in newlines\n\n',
  '\nbegins with one',
  'dos\r\nlines\r\n',
  'EOF\nEOT\n.\n',
  '{{ item }} {{{x}}} {{/if}} {% raw %} !expr 1 + 1',
  'yes',
  'null',
  '0x10',
  '1e3',
  'ä ö ü ß — „“ 日本語 🦀 👩‍👩‍👧 \u202e\u200b',
  '\u0001\u001b[31m\u007f\u0085\u2028\ufeff',
  'x'.repeat(5000),
];

const texts = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }),
  fc.string({
    unit: fc.constantFrom(...`'"\`$(){}[]\\;&|<>*?~#!%= \t\n\r-ab1`.split('')),
    minLength: 1,
    maxLength: 40,
  }),
);
const clean = (text: string): string => text.replaceAll('\0', '');
const values = [
  ...nasty,
  ...fc
    .sample(texts, { seed, numRuns: 27 })
    .map(clean)
    .filter((text) => text !== ''),
];

/** A value as the name of a file: 255 bytes at most, and no slash. */
const nameOf = (value: string, index: number): string =>
  `${index}${Buffer.from(value.replaceAll('/', '|')).subarray(0, 120).toString().replaceAll('\ufffd', '')}`;
const lineOf = (value: string): string => `${value.replaceAll(/[\n\r]/g, '')}.`;

const cases = values.map((value, i) => ({ i, value, name: nameOf(value, i), line: lineOf(value) }));

/** Text as YAML that no parser can take for anything else, and no template engine touches. */
const yamlText = (text: string): string => {
  const escaped = Array.from(text, (char) =>
    /[ !#-[\]-~]/.test(char) ? char : `\\U${(char.codePointAt(0) ?? 0).toString(16).padStart(8, '0')}`,
  );
  return `!unsafe "${escaped.join('')}"`;
};
const yamlCases = cases.map(
  ({ i, value, name, line }) =>
    `  - { i: ${i}, value: ${yamlText(value)}, name: ${yamlText(name)}, line: ${yamlText(line)} }\n`,
);

const tasks = (folder: string): string => `    - file: { path: /srv/values/names, state: directory }
    - copy: { dest: "/srv/values/copy{{ item.i }}", content: "{{ item.value }}" }
      loop: !expr cases
    - template: { src: value.hbs, dest: "/srv/values/template{{ item.i }}" }
      loop: !expr cases
    - copy: { dest: "/srv/values/names/{{ item.name }}", content: "{{ item.name }}" }
      loop: !expr cases
    - line_in_file: { path: "/srv/values/line{{ item.i }}", line: "{{ item.line }}", create: true }
      loop: !expr cases
    - block_in_file: { path: "/srv/values/block{{ item.i }}", block: "{{ item.value }}", create: true }
      loop: !expr cases
    - command: { argv: [sh, -c, 'printf %s "$1" >"$2"', sh, "{{ item.value }}", "/srv/values/argv{{ item.i }}"] }
      loop: !expr cases
    - command: { argv: [tee, "/srv/values/stdin{{ item.i }}"], stdin: "{{ item.value }}", stdin_add_newline: false }
      loop: !expr cases
    - shell: printf %s "$VALUE" >/srv/values/environment{{ item.i }}
      environment: { VALUE: "{{ item.value }}" }
      loop: !expr cases
    - shell: printf %s {{quote item.value}} >/srv/values/shell{{ item.i }}
      loop: !expr cases
    - command: cp {{quote (concat "/srv/values/names/" item.name)}} /srv/values/command{{ item.i }}
      loop: !expr cases
    - script: keep.sh {{quote item.value}} /srv/values/script{{ item.i }}
      loop: !expr cases
    - stat: { path: "/srv/values/names/{{ item.name }}" }
      register: looked
      loop: !expr cases
    - assert: { that: [ 'looked.results.all(r, r.stat.exists)' ] }
    - wait_for: { path: "/srv/values/names/{{ item.name }}", timeout: 5 }
      loop: !expr cases
    - fetch: { src: "/srv/values/names/{{ item.name }}", dest: "${folder}/fetched{{ item.i }}", flat: true }
      loop: !expr cases
    - fetch: { src: "/srv/values/copy{{ item.i }}", dest: "${folder}/names/{{ item.name }}", flat: true }
      loop: !expr cases
    - copy: { src: "bytes", dest: /srv/values/bytes }
    - fetch: { src: /srv/values/bytes, dest: "${folder}/bytes.back", flat: true }
    - set_vars: { kept: !expr cases }
    - debug: { msg: "{{ item.value }}" }
      loop: !expr kept
`;

describe.skipIf(noLab())('values', () => {
  it(`pass through every module as they are (KVMNET_SEED=${seed})`, { timeout: 400_000 }, async () => {
    const { lab, bare } = await useLab({ bare: 1 });
    const [host] = bare as [Host];
    // All bytes that a file can hold, in no order that means something.
    const bytes = Buffer.concat(fc.sample(fc.uint8Array({ minLength: 4000, maxLength: 4000 }), { seed, numRuns: 4 }));
    const folder = folderOf({
      'hosts.json': inventoryOf(lab, { [host.name]: at(host) }),
      'vars.yml': `cases:\n${yamlCases.join('')}`,
      'value.hbs': '{{ item.value }}',
      'keep.sh': '#!/bin/sh\nprintf %s "$1" >"$2"\n',
    });
    writeFileSync(join(folder, 'bytes'), bytes);
    mkdirSync(join(folder, 'names'));
    writeFileSync(join(folder, 'site.yml'), `- hosts: all\n  gather_facts: false\n  tasks:\n${tasks(folder)}`);
    const args = ['play', 'site.yml', '-i', 'hosts.json', '-e', '@vars.yml', '--report', 'jsonl'];
    try {
      const { code, stdout, stderr } = await lab.run([...command, ...args], { cwd: folder, timeout: 300 });
      const events = stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as RunEvent);
      const results = events.filter((event) => event.type === 'task');
      expect(
        results.filter(({ status }) => status === 'failed').map(({ task, item, failure }) => [task, item, failure]),
      ).toEqual([]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });

      // The host's disk, seen from outside.
      const disk = join(`/proc/${host.pid}/root`, 'srv/values');
      const onDisk = (name: string): string => readFileSync(join(disk, name)).toString('hex');
      const hex = (text: string): string => Buffer.from(text).toString('hex');
      for (const way of ['copy', 'template', 'argv', 'stdin', 'environment', 'shell', 'script']) {
        for (const { i, value } of cases) expect([way, value, onDisk(`${way}${i}`)]).toEqual([way, value, hex(value)]);
      }
      for (const { i, value, name, line } of cases) {
        expect([name, onDisk(`names/${name}`)]).toEqual([name, hex(name)]);
        expect([name, onDisk(`command${i}`)]).toEqual([name, hex(name)]);
        expect([line, onDisk(`line${i}`)]).toEqual([line, hex(`${line}\n`)]);
        expect([value, onDisk(`block${i}`)]).toEqual([value, hex(blockOf(value))]);
        expect(readFileSync(join(folder, `fetched${i}`))).toEqual(Buffer.from(name));
        expect(readFileSync(join(folder, 'names', name))).toEqual(Buffer.from(value));
      }
      expect(readFileSync(join(disk, 'bytes'))).toEqual(bytes);
      expect(readFileSync(join(folder, 'bytes.back'))).toEqual(bytes);
      expect(readdirSync(join(disk, 'names'))).toHaveLength(cases.length);
      expect(results.filter(({ module }) => module === 'debug').map(({ text }) => text)).toEqual(values);
      // What was a command in one of them was not run.
      expect(readdirSync(disk)).not.toContain('pwned');

      const again = await lab.run([...command, ...args], { cwd: folder, timeout: 300 });
      const resources = ['copy', 'template', 'line_in_file', 'block_in_file', 'file'];
      const changed = again.stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as RunEvent);
      expect(
        changed.flatMap((event) =>
          event.type === 'task' && event.status !== 'ok' && resources.includes(event.module)
            ? [[event.task, event.item]]
            : [],
        ),
      ).toEqual([]);
    } finally {
      await host.read(['rm', '-rf', '/srv/values']);
    }
  });

  it.each<[string, string, string]>([
    [
      'a newline in a kernel setting',
      '    - sysctl: { name: net.ipv4.ip_forward, value: "1\\nkernel.x = 1" }\n',
      'site.yml:5:51: error: sysctl: value: a value is one line',
    ],
    [
      'a command as the name of a service',
      '    - service: { name: "a; reboot", state: started }\n',
      'site.yml:5:24: error: service: name: expected the name of a service or of a systemd unit, not the text "a; reboot"',
    ],
    [
      'an option as the name of a package',
      '    - package: { name: "--force-yes" }\n',
      'site.yml:5:24: error: package: name: "--force-yes" is no name of a package',
    ],
    [
      'a path as the name of a kernel module',
      '    - kernel_module: { name: "../../x" }\n',
      'site.yml:5:30: error: kernel_module: name: expected the name of a kernel module, without .ko, not the text "../../x"',
    ],
  ])('%s is refused', async (_, tasks, words) => {
    const { lab, bare } = await useLab({ bare: 1 });
    const shown = await playTasks(lab, tasks, { a: at(bare[0] as Host) });
    expect(shown).toMatchObject({ code: 1, stdout: '' });
    expect(shown.stderr.split('\n')[0]).toBe(words);
  });
});

/** The lines between the markers, with the ends of lines that the file has. */
function blockOf(value: string): string {
  const [begin, end] = ['# BEGIN MANAGED BY KVMNET BLOCK', '# END MANAGED BY KVMNET BLOCK'];
  const lines = value.replaceAll(/\r*(\n|$)/g, '$1');
  return `${begin}\n${lines}${lines.endsWith('\n') ? '' : '\n'}${end}\n`;
}
