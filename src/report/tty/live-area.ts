import { textWidth } from '../../util/text-width.ts';

/** The part of a terminal's output stream that drawing needs. */
export interface Screen {
  write(text: string): unknown;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

const csi = '\u001b[';
const hideCursor = `${csi}?25l`;
const showCursor = `${csi}?25h`;
/** Terminals that know synchronised output show the whole update at once; the others ignore it. */
const [beginUpdate, endUpdate] = [`${csi}?2026h`, `${csi}?2026l`];
const clearBelow = `${csi}J`;
const clearLineEnd = `${csi}K`;

/** Some lines at the bottom of the terminal that are drawn again and again, with lasting lines printed above them. */
export interface LiveArea {
  /** Prints `above` for good and redraws the area, in one write; writes nothing where nothing has changed. */
  draw(above: readonly string[], lines: readonly string[]): void;
  /** Takes the area away and gives the cursor back. A later `draw` starts anew. */
  clear(): void;
}

export function createLiveArea(screen: Screen): LiveArea {
  let drawn: readonly string[] = [];
  let hidden = false;

  // A terminal that was made narrower has broken our lines in the meantime.
  const drawnHeight = (): number => {
    const columns = Math.max(1, screen.columns ?? 80);
    return drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(textWidth(line) / columns)), 0);
  };
  // A line that ends in the last column leaves nothing to clear, and some terminals would clear that column.
  const overwritten = (line: string): string =>
    `${line}${line !== '' && textWidth(line) % Math.max(1, screen.columns ?? 80) === 0 ? '' : clearLineEnd}\n`;
  const toTop = (): string => {
    const height = drawnHeight();
    return height === 0 ? '\r' : `\r${csi}${height}A`;
  };

  return {
    draw(above, lines) {
      if (above.length === 0 && lines.length === drawn.length && lines.every((line, i) => line === drawn[i])) return;
      const cursor = hidden ? '' : hideCursor;
      hidden = true;
      // What was there is overwritten line by line: erasing all of it first would flicker, and tmux keeps what is erased.
      const body = [...above, ...lines].map(overwritten).join('') + clearBelow;
      screen.write(`${beginUpdate}${cursor}${toTop()}${body}${endUpdate}`);
      drawn = lines;
    },
    clear() {
      if (!hidden) return;
      screen.write(`${toTop()}${clearBelow}${showCursor}`);
      drawn = [];
      hidden = false;
    },
  };
}
