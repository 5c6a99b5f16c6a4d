import { describe, expect, it } from 'vitest';
import { screenAfter } from '../testing/screen.ts';
import { createLiveArea } from './live-area.ts';

function terminal(columns = 20) {
  const written: string[] = [];
  const screen = { write: (text: string) => written.push(text), columns };
  const area = createLiveArea(screen);
  return { area, screen, written, shown: () => screenAfter(written.join(''), columns) };
}

describe('the live area', () => {
  it('stays at the bottom while lines are printed above it', () => {
    const { area, shown } = terminal();
    area.draw([], ['a 1', 'b 1']);
    area.draw(['first'], ['a 2', 'b 1']);
    area.draw(['second', 'a line that is longer than the terminal'], ['a 3']);
    area.draw([], ['a 4', 'b 2', 'c 1']);
    expect(shown().lines).toEqual([
      'first',
      'second',
      'a line that is longe',
      'r than the terminal',
      'a 4',
      'b 2',
      'c 1',
      '',
    ]);
    expect(shown().cursor).toBe(false);
  });
  it('leaves nothing of itself and gives the cursor back', () => {
    const { area, shown } = terminal();
    area.draw(['kept'], ['a', 'b', 'c']);
    area.clear();
    expect(shown()).toEqual({ lines: ['kept', ''], cursor: true });
  });
  it('writes nothing where nothing has changed', () => {
    const { area, written } = terminal();
    area.draw([], ['same']);
    area.draw([], ['same']);
    expect(written).toHaveLength(1);
    area.clear();
    area.clear();
    expect(written).toHaveLength(2);
  });
  it('finds its top again after the terminal was made narrower', () => {
    const { area, screen, written } = terminal(40);
    area.draw([], ['x'.repeat(30), 'y']);
    screen.columns = 20;
    area.draw([], ['z']);
    // 30 cells take two lines of 20 now: three lines up, not two.
    expect(written.at(-1)).toContain('\r\u001b[3A');
  });
});
