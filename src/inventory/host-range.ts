import { isIPv6 } from 'node:net';
import { KvmnetError } from '../util/errors.ts';
import type { SourceLocation } from '../util/source.ts';

interface HostEntry {
  readonly names: readonly string[];
  readonly port: number | undefined;
}

/** A slip of the keyboard such as `[1:1000000000]` shall not fill the memory. */
const MAX_HOSTS = 100_000;

// Brackets around the whole name, which an IPv6 address needs where a port follows; ranges may stand inside.
const BRACKETED = /^\[((?:[^[\]]|\[[^[\]]*\])+)\](?::([0-9]+))?$/;
const WITH_PORT = /^((?:[^:[\]]|\[[^\]]*\])*):([0-9]+)$/;

/**
 * A host as inventories write it: `kvm01`, `kvm[01:20].dc1`, `kvm01:2222`, `[fe80::1]:22`, `fe80::1`.
 * @throws KvmnetError (`inventory`) for a range that says nothing or a port that does not exist.
 */
export function parseHostEntry(text: string, at: SourceLocation | undefined): HostEntry {
  const [name, portText] = split(text);
  if (portText === undefined && /[^:]:$/.test(name)) {
    throw mistake(`nothing stands behind the ":" of "${text}"`, 'write a port, or leave the ":" out', at);
  }
  const port = portText === undefined ? undefined : Number(portText);
  if (port !== undefined && (port < 1 || port > 65_535)) {
    throw mistake(`port ${portText ?? ''} of "${text}" does not exist`, 'ports go from 1 to 65535', at);
  }
  return { names: expandRanges(name, at), port };
}

function split(text: string): readonly [string, string | undefined] {
  const bracketed = BRACKETED.exec(text);
  const inside = bracketed?.[1] ?? '';
  if (bracketed !== null && (inside.includes('[') || isIPv6(inside) || !inside.includes(':'))) {
    return [inside, bracketed[2]];
  }
  const withPort = WITH_PORT.exec(text);
  return withPort === null ? [text, undefined] : [withPort[1] ?? '', withPort[2]];
}

/** Writes out `[begin:end]` and `[begin:end:step]`, both ends included, several of them from left to right. */
export function expandRanges(text: string, at: SourceLocation | undefined): readonly string[] {
  let names = [''];
  let rest = text;
  while (rest !== '') {
    const range = /^([^[\]]*)(?:\[([^[\]]*)\])?/.exec(rest);
    const head = range?.[1] ?? '';
    const inside = range?.[2];
    if (range === null || range[0] === '') {
      throw mistake(`a bracket of "${text}" has no counterpart`, 'write ranges as [01:20]', at);
    }
    rest = rest.slice(range[0].length);
    const values = inside === undefined ? [''] : sequence(inside, text, at);
    if (names.length * values.length > MAX_HOSTS) {
      throw mistake(`"${text}" means more than ${MAX_HOSTS} hosts`, 'check the end of the range', at);
    }
    names = names.flatMap((name) => values.map((value) => name + head + value));
  }
  return names;
}

function sequence(inside: string, text: string, at: SourceLocation | undefined): readonly string[] {
  const bounds = inside.split(':');
  const [first = '', end = '', stepText = '1'] = bounds;
  const begin = first === '' ? '0' : first;
  const fail = (what: string, hint: string): KvmnetError => mistake(`range [${inside}] of "${text}" ${what}`, hint, at);
  if (bounds.length < 2 || bounds.length > 3) throw fail('is not begin:end or begin:end:step', 'write it as [01:20]');
  if (end === '') throw fail('has no end', 'write the last number or letter behind the ":"');
  const step = /^[0-9]+$/.test(stepText) ? Number(stepText) : 0;
  if (step < 1) throw fail('has a step that is not a number above 0', 'write it as [0:10:2]');

  if (/^[a-zA-Z]$/.test(begin) && /^[a-zA-Z]$/.test(end)) return letters(begin, end, step, fail);
  if (!/^[0-9]+$/.test(begin) || !/^[0-9]+$/.test(end)) {
    throw fail('needs two numbers or two letters', 'write it as [01:20] or [a:f]');
  }
  if (begin.length > 1 && begin.startsWith('0') && begin.length !== end.length) {
    throw fail('has a begin and an end of different lengths', `write both with ${end.length} digits`);
  }
  const [from, to] = [Number(begin), Number(end)];
  if (from > to) throw fail('begins behind its end', `write [${end}:${begin}]`);
  const count = Math.floor((to - from) / step) + 1;
  if (!(count <= MAX_HOSTS)) throw fail(`means more than ${MAX_HOSTS} hosts`, 'check its end');
  const width = begin.startsWith('0') ? begin.length : 0;
  return Array.from({ length: count }, (_, i) => String(from + i * step).padStart(width, '0'));
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

function letters(
  begin: string,
  end: string,
  step: number,
  fail: (what: string, hint: string) => KvmnetError,
): readonly string[] {
  const [from, to] = [LETTERS.indexOf(begin), LETTERS.indexOf(end)];
  if (from > to) throw fail('begins behind its end', `write [${end}:${begin}]`);
  return Array.from(LETTERS.slice(from, to + 1)).filter((_, i) => i % step === 0);
}

const mistake = (message: string, hint: string, at: SourceLocation | undefined): KvmnetError =>
  new KvmnetError('inventory', message, { hint, at });
