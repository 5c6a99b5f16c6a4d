import { isBareAction, isPortWord } from './words.ts';

/** A flow as a user writes it, with each port that is named in braces: `in_port={port1},actions=output:{port2}`. */
export interface FlowText {
  readonly text: string;
  readonly inPort: string | null;
  /** Ports that it puts frames out of, as they were written. */
  readonly outPorts: readonly string[];
  readonly ports: readonly string[];
}

interface Defaults {
  readonly cookie: string | undefined;
  readonly table: number | undefined;
  readonly byName: boolean;
}

/** @throws RangeError with what is wrong with it */
export function readFlow(line: string, { cookie, table, byName }: Defaults): FlowText {
  const text = line.trim();
  const at = text.search(/\bactions?=/);
  if (at < 0) throw new RangeError(`"${text}" has no actions: end it with actions=…, e.g. actions=drop`);
  if (/[{}\0\n]/.test(text)) throw new RangeError(`"${text}" has a brace or a line break in it, which no flow has`);
  const match = text.slice(0, at).replace(/[\s,]+$/, '');
  if (/(?:^|[\s,])(?:check_overlap|reset_counts)\b/.test(match)) {
    throw new RangeError(`"${text}": check_overlap and reset_counts are no part of a flow: leave them out`);
  }
  if (/^(?:add|delete|delete_strict|modify|modify_strict)\s/.test(match)) {
    throw new RangeError(`"${text}" is a command: give the flow alone, and state for what is to become of it`);
  }
  const actions = text.slice(at).replace(/^actions?=\s*/, '');
  const ports: string[] = [];
  const outPorts: string[] = [];
  const name = (word: string, out = false): string => {
    const plain = word.replace(/^"(.*)"$/, '$1');
    if (out) outPorts.push(plain);
    if (!byName || !isPortWord(plain)) return word;
    ports.push(plain);
    return `{${plain}}`;
  };
  let inPort: string | null = null;
  const head = match.replace(/(^|[\s,])in_port=("[^"]*"|[^\s,]+)/, (_, before: string, word: string) => {
    inPort = word.replace(/^"(.*)"$/, '$1');
    return `${before}in_port=${name(word)}`;
  });
  const body = actions
    .replace(
      /\b(output:|output\(port=|enqueue:|enqueue\()("[^"]*"|[^\s,:()[\]]+)(?!\[)/g,
      (_, verb: string, word: string) => `${verb}${name(word, true)}`,
    )
    .replace(
      /\b(resubmit:|resubmit\()("[^"]*"|[^\s,:()[\]]+)/g,
      (_, verb: string, word: string) => `${verb}${name(word)}`,
    )
    .replace(
      /\b(members:|slaves:)([^()]+)/g,
      (_, verb: string, list: string) =>
        `${verb}${list
          .split(',')
          .map((word) => name(word, true))
          .join(',')}`,
    );
  const whole = splitActions(body)
    .map((action) =>
      /^(?:"[^"]*"|[^\s:(){}=[\]"]+)$/.test(action) && !isBareAction(action) ? name(action, true) : action,
    )
    .join(',');
  const before = [
    ...(cookie === undefined || /(^|[\s,])cookie=/.test(head) ? [] : [`cookie=${cookie}`]),
    ...(table === undefined || /(^|[\s,])table=/.test(head) ? [] : [`table=${table}`]),
    ...(head === '' ? [] : [head]),
  ];
  return { text: [...before, `actions=${whole}`].join(','), inPort, outPorts, ports: [...new Set(ports)] };
}

/** At commas that are in no parentheses or brackets. */
function splitActions(text: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let part = '';
  for (const char of text) {
    if ('([{'.includes(char)) depth++;
    if (')]}'.includes(char)) depth--;
    if (char === ',' && depth === 0) {
      parts.push(part.trim());
      part = '';
    } else part += char;
  }
  return [...parts, part.trim()].filter((item, _, all) => item !== '' || all.length === 1);
}
