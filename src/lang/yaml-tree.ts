import { getScalarValue, EVENT_ID, SCALAR_STYLE, type Event, type ScalarEvent } from 'js-yaml';
import { KvmnetError } from '../util/errors.ts';
import { suggest } from '../util/suggest.ts';
import { formatLocation, type SourceLocation } from '../util/source.ts';
import { typeOf } from './scalar-type.ts';
import {
  mappingNode,
  scalarNode,
  sequenceNode,
  type MappingEntry,
  type ScalarNode,
  type ScalarTag,
  type YamlNode,
} from './node.ts';
import { rawOffset } from './scalar-offset.ts';
import type { SourceText, TextOrigin } from './source-text.ts';

/** Nodes that a document may hold with every alias written out. */
const MAX_NODES = 1_000_000;

interface Anchored {
  readonly node: YamlNode;
  readonly size: number;
}

/** Turns the event stream into nodes. Owns the cursor and what was found on the way. */
export class TreeBuilder {
  readonly diagnostics: KvmnetError[] = [];
  readonly #source: SourceText;
  readonly #anchors = new Map<string, Anchored>();
  readonly #open = new Set<string>();
  #events: readonly Event[] = [];
  #next = 0;
  #size = 0;
  /** Offset just behind the last thing seen: the place of an empty value. */
  #seen = 0;

  constructor(source: SourceText) {
    this.#source = source;
  }

  build(events: readonly Event[]): YamlNode | undefined {
    this.#events = events;
    if (events.length === 0) return undefined;
    this.#next = 1;
    if (events[1]?.type === EVENT_ID.POP) return undefined;
    const root = this.#node();
    this.#next++;
    if (this.#next < events.length) {
      const after = events[this.#next + 1];
      const start = after === undefined ? this.#seen : startOf(after, this.#seen);
      this.#report(
        this.#source.locate(start),
        'a second YAML document begins here',
        'keep one document per file: remove the "---" in the middle',
      );
    }
    return root;
  }

  #node(): YamlNode {
    const event = this.#events[this.#next++];
    switch (event?.type) {
      case EVENT_ID.SCALAR:
        return this.#scalar(event);
      case EVENT_ID.ALIAS:
        return this.#alias(event.anchorStart, event.anchorEnd);
      case EVENT_ID.SEQUENCE:
      case EVENT_ID.MAPPING: {
        const tag = this.#tagText(event);
        if (tag !== undefined && !/^!!(?:seq|map)$|^!$/.test(tag)) this.#refuseTag(tag, event.tagStart);
        const before = this.#size;
        const anchor = event.anchorStart < 0 ? undefined : this.#slice(event.anchorStart, event.anchorEnd);
        if (anchor !== undefined) this.#open.add(anchor);
        const node = event.type === EVENT_ID.SEQUENCE ? this.#sequence(event.start) : this.#mapping(event.start);
        if (anchor !== undefined) {
          this.#open.delete(anchor);
          this.#anchors.set(anchor, { node, size: this.#size - before });
        }
        return node;
      }
      default:
        throw new Error('the YAML parser gave an event that does not fit');
    }
  }

  #sequence(start: number): YamlNode {
    this.#grow(1, start);
    const items: YamlNode[] = [];
    while (this.#events[this.#next]?.type !== EVENT_ID.POP) items.push(this.#node());
    this.#next++;
    return sequenceNode(items, () => this.#source.locate(start));
  }

  #mapping(start: number): YamlNode {
    this.#grow(1, start);
    const entries = new Map<string, MappingEntry>();
    const merges: YamlNode[] = [];
    let braces = false;
    while (this.#events[this.#next]?.type !== EVENT_ID.POP) {
      const key = this.#node();
      const value = this.#node();
      if (key.kind !== 'scalar') {
        braces ||= isBraces(key);
        this.#refuseKey(key);
        continue;
      }
      if (key.tag !== undefined) {
        this.#report(
          key.at,
          key.tag === 'expr'
            ? `the expression "${key.text}" is followed by ": ", so YAML reads it as a key`
            : `a key cannot be !${key.tag}`,
          key.tag === 'expr' ? `put the whole expression into quotes: !expr '…'` : 'put the tag before the value',
        );
        continue;
      }
      if (key.plain && key.text === '<<') {
        merges.push(value);
        continue;
      }
      const first = entries.get(key.text);
      if (first !== undefined) {
        this.#report(
          key.at,
          `duplicate key "${key.text}", first at ${formatLocation(first.key.at)}`,
          'remove one of the two',
        );
        continue;
      }
      entries.set(key.text, { key, value });
    }
    this.#next++;
    // Reported; from here on it is what it was meant to be, so that it leads to no further mistakes.
    if (braces) return this.#unquoted(start);
    return mappingNode(this.#merged(entries, merges), () => this.#source.locate(start));
  }

  #unquoted(start: number): ScalarNode {
    const end = this.#source.text.indexOf('}}', start);
    const text = this.#slice(start, end < 0 ? this.#source.text.length : end + 2);
    const source = this.#source;
    const at = source.locate(start);
    return scalarNode({
      value: text,
      text,
      plain: false,
      origin: { at, locate: (offset) => source.locate(start + offset) },
    });
  }

  /** `<<`: keys of the mapping itself win, then those of earlier merged mappings. */
  #merged(entries: Map<string, MappingEntry>, merges: readonly YamlNode[]): Map<string, MappingEntry> {
    for (const merge of merges) {
      for (const from of merge.kind === 'sequence' ? merge.items : [merge]) {
        if (from.kind !== 'mapping') {
          this.#report(
            from.at,
            '"<<" needs a mapping or a list of mappings',
            'point it at an anchored mapping: <<: *name',
          );
          continue;
        }
        this.#grow(from.entries.size, 0);
        for (const [key, entry] of from.entries) if (!entries.has(key)) entries.set(key, entry);
      }
    }
    return entries;
  }

  #scalar(event: ScalarEvent): ScalarNode {
    this.#grow(1, event.valueStart);
    const text = getScalarValue(this.#source.text, event);
    const plain = event.style === SCALAR_STYLE.PLAIN;
    const empty = event.valueStart < 0;
    if (!empty) this.#seen = event.valueEnd;
    const node = scalarNode({
      text,
      plain,
      ...this.#typed(event, text, plain),
      origin: this.#origin(event, empty ? afterTag(event, this.#seen) : event.valueStart, text),
    });
    if (event.anchorStart >= 0) this.#anchors.set(this.#slice(event.anchorStart, event.anchorEnd), { node, size: 1 });
    return node;
  }

  #typed(event: ScalarEvent, text: string, plain: boolean): { value: ScalarNode['value']; tag?: ScalarTag } {
    const tag = this.#tagText(event);
    switch (tag) {
      case undefined:
        return { value: plain ? typeOf(text) : text };
      case '!expr':
      case '!vault':
      case '!unsafe': {
        if (tag !== '!unsafe' && text.trim() === '')
          this.#report(
            this.#source.locate(event.tagStart),
            `${tag} without a text`,
            `write it behind the tag: ${tag} …`,
          );
        return { value: text, tag: tag.slice(1) as ScalarTag };
      }
      case '!':
      case '!!str':
        return { value: text };
      case '!!int':
      case '!!float':
      case '!!bool':
      case '!!null': {
        const value = typeOf(text);
        if (!fits(value, tag)) this.#report(this.#source.locate(event.tagStart), `"${text}" is not ${tag}`, undefined);
        return { value };
      }
      default:
        this.#refuseTag(tag, event.tagStart);
        return { value: text };
    }
  }

  #origin(event: ScalarEvent, start: number, text: string): TextOrigin {
    const source = this.#source;
    const escapes =
      event.style === SCALAR_STYLE.SINGLE_QUOTED
        ? 'single'
        : event.style === SCALAR_STYLE.DOUBLE_QUOTED
          ? 'double'
          : 'none';
    // The place of a quoted scalar is its quote; offsets count from behind it.
    const first = escapes === 'none' ? start : start - 1;
    return {
      get at() {
        return source.locate(first);
      },
      locate: (offset) =>
        source.locate(
          start + rawOffset(source.text.slice(start, Math.max(start, event.valueEnd)), text, offset, escapes),
        ),
    };
  }

  #alias(start: number, end: number): YamlNode {
    const name = this.#slice(start, end);
    this.#seen = end;
    const found = this.#anchors.get(name);
    if (found !== undefined) {
      this.#grow(found.size, start);
      return found.node;
    }
    const at = this.#source.locate(start - 1);
    const near = suggest(name, this.#anchors.keys());
    if (this.#open.has(name))
      this.#report(at, `*${name} stands inside of what &${name} names`, 'a value cannot hold itself');
    else if (near !== undefined) this.#report(at, `no anchor &${name} before this`, `did you mean "*${near}"?`);
    else this.#report(at, `no anchor &${name} before this`, 'put a text that begins with * into quotes');
    return scalarNode({ value: null, text: '', plain: true, origin: { at, locate: () => at } });
  }

  #refuseKey(key: Exclude<YamlNode, ScalarNode>): void {
    const template = isBraces(key);
    this.#report(
      key.at,
      template
        ? 'a value that begins with {{ is a mapping to YAML'
        : `a ${key.kind === 'mapping' ? 'mapping' : 'list'} cannot be a key`,
      template ? 'put it into quotes: "{{ … }}"' : 'use a text as the key',
    );
  }

  #refuseTag(tag: string, start: number): void {
    const near = suggest(tag, ['!expr', '!vault', '!unsafe']);
    this.#report(
      this.#source.locate(start),
      `unknown tag ${tag}`,
      near === undefined
        ? 'known: !expr, !vault, !unsafe; put a text that begins with ! into quotes'
        : `did you mean ${near}?`,
    );
  }

  #tagText(event: { readonly tagStart: number; readonly tagEnd: number }): string | undefined {
    return event.tagStart < 0 ? undefined : this.#slice(event.tagStart, event.tagEnd);
  }

  #slice(start: number, end: number): string {
    return this.#source.text.slice(start, end);
  }

  #grow(by: number, start: number): void {
    this.#size += by;
    if (this.#size > MAX_NODES)
      throw new KvmnetError('playbook', `more than ${MAX_NODES} values once all aliases are written out`, {
        at: this.#source.locate(start),
        hint: 'use fewer aliases',
      });
  }

  #report(at: SourceLocation, message: string, hint: string | undefined): void {
    this.diagnostics.push(new KvmnetError('playbook', message, { at, hint }));
  }
}

/** A mapping that is the key of a mapping in braces: `{{ x }}` without quotes. */
const isBraces = (key: YamlNode): boolean => {
  if (key.kind !== 'mapping') return false;
  const { text, column } = key.at;
  return text !== undefined && text[column - 1] === '{' && text[column - 2] === '{';
};

const afterTag = (event: ScalarEvent, seen: number): number =>
  Math.max(seen, event.tagEnd, event.anchorEnd, event.valueEnd);

const startOf = (event: Event, fallback: number): number =>
  'start' in event ? event.start : 'valueStart' in event && event.valueStart >= 0 ? event.valueStart : fallback;

function fits(value: ScalarNode['value'], tag: '!!int' | '!!float' | '!!bool' | '!!null'): boolean {
  if (tag === '!!null') return value === null;
  if (tag === '!!bool') return typeof value === 'boolean';
  return typeof value === 'number' && (tag === '!!float' || Number.isInteger(value));
}
