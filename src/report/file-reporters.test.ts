import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { RunEvent } from '../engine/events.ts';
import { createReporters } from './create-reporter.ts';
import { collect } from './testing/collect.ts';
import { sampleRun, taskEvent } from './testing/sample-run.ts';

const folder = mkdtempSync(join(tmpdir(), 'kvmnet-report-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function report(specs: readonly string[], events: readonly RunEvent[] = sampleRun): Promise<string> {
  const { stream, text } = collect();
  const reporter = await createReporters(specs, { stdout: stream, env: {}, verbosity: 0 });
  for (const event of events) reporter.handle(event);
  await reporter.end();
  return text();
}

describe('jsonl', () => {
  it('is one event a line and nothing else', async () => {
    const lines = (await report(['jsonl'])).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(JSON.parse(JSON.stringify(sampleRun)));
  });
  it('begins a result with what programs look for', async () => {
    const [line] = (await report(['jsonl'], [taskEvent({ status: 'changed' })])).split('\n');
    expect(JSON.parse(line ?? '')).toMatchObject({
      type: 'task',
      host: 'kvm01',
      task: 'sysctl network buffers',
      module: 'sysctl',
      status: 'changed',
      changes: [],
      ms: 12,
    });
  });
  it('writes what JSON has no word for', async () => {
    const result = { big: 2n ** 70n, small: 7n, bytes: Uint8Array.of(1, 2) };
    const line = await report(['jsonl'], [taskEvent({ result })]);
    expect(JSON.parse(line)).toMatchObject({ result: { big: '1180591620717411303424', small: 7, bytes: 'AQI=' } });
  });
});

describe('junit', () => {
  it('has a suite for each host and a case for each result', async () => {
    const xml = await report(['junit']);
    expect(XMLValidator.validate(xml)).toBe(true);
    expect(xml).toMatchSnapshot();
  });
  it('is valid whatever the texts hold, and gives them back', async () => {
    const parser = new XMLParser({ ignoreAttributes: false, trimValues: false, parseTagValue: false });
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (text) => {
        const xml = await report(['junit'], [taskEvent({ task: `t${text}`, text: `x${text}x` })]);
        expect(XMLValidator.validate(xml)).toBe(true);
        expect(xml).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/);
        expect(() => parser.parse(xml) as unknown).not.toThrow();
      }),
      { numRuns: 50 },
    );
  });
});

describe('createReporters', () => {
  it('sends reports to files, and the usual one to the standard output', async () => {
    const [xml, jsonl] = [join(folder, 'r.xml'), join(folder, 'r.jsonl')];
    const text = await report([`junit:${xml}`, `jsonl:${jsonl}`]);
    expect(text).toContain('play KVM host network');
    expect(readFileSync(xml, 'utf8')).toContain('<testsuites');
    expect(readFileSync(jsonl, 'utf8').split('\n')).toHaveLength(sampleRun.length + 1);
  });
  it.each([
    [['xml'], 'unknown report "xml"', 'known: jsonl, junit, lines, tty'],
    [['jsnol'], 'unknown report "jsnol"', 'did you mean "jsonl"?'],
    [
      ['jsonl', 'lines'],
      'jsonl and lines cannot both write to the standard output',
      'send all but one to a file, e.g. --report junit:report.xml',
    ],
    [['tty:x'], 'the tty report needs a terminal, it cannot go to a file', 'use lines:x'],
    [['junit:'], '--report junit: names no file after the colon', undefined],
  ])('refuses %j', async (specs, message, hint) => {
    await expect(report(specs)).rejects.toMatchObject({ code: 'usage', message, hint });
  });
  it('finds out that a file cannot be written before anything is done', async () => {
    await expect(report([`junit:${folder}/none/r.xml`])).rejects.toMatchObject({
      code: 'io',
      message: `cannot write the report ${folder}/none/r.xml: it does not exist`,
    });
  });
});
